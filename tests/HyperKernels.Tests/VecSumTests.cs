using HyperKernels.Backends.Cpu;
using NUnit.Framework;

namespace HyperKernels.Tests;

/// <summary>Sums over the lanes of registers.</summary>
[TestFixture]
internal sealed class VecSumTests
{
    // Numbers of very different magnitudes, so that another order gives other bits.
    [Test]
    public void SumEight_AnyWidth_GivesTheBitsOfEachSum([Values(512, 256, 128, 0)] int width)
    {
        SumTiles tiles = new() { Seed = Environment.TickCount };
        using ForkJoin threads = new(1);
        threads.For(width, 100, ref tiles);
    }

    private struct SumTiles : ITiles
    {
        public int Seed;

        public readonly unsafe void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            Random random = new(Seed + tile);
            float[] numbers = [.. Enumerable.Range(0, 8 * TVec.Count).Select(_ => (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-4, 5)))];
            TVec[] registers = new TVec[8];
            float[] expected = new float[8], sums = new float[8];
            fixed (float* source = numbers, target = sums)
            {
                for (int i = 0; i < 8; i++)
                {
                    registers[i] = TVec.Load(source + (i * TVec.Count));
                    expected[i] = TVec.Sum(registers[i]);
                }
                TVec.SumEight(registers[0], registers[1], registers[2], registers[3], registers[4], registers[5], registers[6], registers[7], target);
            }
            Assert.That(sums, Is.EqualTo(expected), $"seed {Seed + tile}");
        }
    }
}
