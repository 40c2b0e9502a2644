using HyperKernels.Backends.Cpu;

namespace HyperKernels.Tests;

/// <summary>Groups of rows side by side: whoever runs them, each product has the bits that it has by itself.</summary>
public sealed unsafe class GemmGroupsTests
{
    private const int Outputs = 96;
    private const int Inputs = 64;

    // One group that all threads share, among small and empty ones; and groups of one size.
    private static readonly int[][] s_groups = [[900, 0, 3, 40, 1, 200, 0], [.. Enumerable.Repeat(16, 64)], [0, 0], [5]];

    [Test]
    public void Run_AnyNumberOfThreads_GivesTheBitsOfEachProductByItself([Values] bool sumsRows, [Values(512, 128)] int width)
    {
        using ForkJoin one = new(1);
        using ForkJoin two = new(2);
        using ForkJoin five = new(5);
        foreach (int[] sizes in s_groups)
        {
            int[] offsets = [0, .. sizes.Select((_, group) => sizes[..(group + 1)].Sum())];
            float[] expected = RunApart(offsets, sumsRows, width, one);
            foreach (ForkJoin threads in (ForkJoin[])[one, two, five])
            {
                float[] y = RunTogether(offsets, sumsRows, width, threads);
                Assert.That(y, Is.EqualTo(expected), $"[{string.Join(", ", sizes)}] on {threads.Threads} threads");
            }
        }
    }

    private static float[] RunTogether(int[] offsets, bool sumsRows, int width, ForkJoin threads) =>
        With(offsets, sumsRows, args => GemmGroups.Run(args, sumsRows, offsets, threads, width));

    private static float[] RunApart(int[] offsets, bool sumsRows, int width, ForkJoin threads) => With(offsets, sumsRows, args =>
    {
        for (int group = 0; group < offsets.Length - 1; group++)
        {
            (long first, int rows) = (offsets[group], offsets[group + 1] - offsets[group]);
            MatmulArgs own = args;
            own.A += first * args.LdA;
            own.B += sumsRows ? first * args.LdB : group * args.StrideB;
            own.Bias = sumsRows ? null : args.Bias + (group * args.StrideBias);
            own.Y += sumsRows ? group * args.StrideY : first * args.LdY;
            (own.Batch, own.M, own.K) = sumsRows ? (1, Outputs, rows) : (1, rows, Inputs);
            Gemm.Run(own, threads, width);
        }
    });

    private static float[] With(int[] offsets, bool sumsRows, Action<MatmulArgs> run)
    {
        (int rows, int groups) = (offsets[^1], offsets.Length - 1);
        float[] a = Drawn(rows * (sumsRows ? Outputs : Inputs), 1);
        float[] b = Drawn(sumsRows ? rows * Inputs : groups * Outputs * Inputs, 2);
        float[] bias = Drawn(groups * Outputs, 3);
        float[] y = new float[Math.Max(1, sumsRows ? groups * Outputs * Inputs : rows * Outputs)];
        Array.Fill(y, float.NaN);
        fixed (float* left = a, right = b, offset = bias, result = y)
        {
            // Gradients of the weights [Outputs, Inputs], or rows times weights turned.
            run(sumsRows
                ? new MatmulArgs
                {
                    A = left, B = right, Y = result, M = Outputs, N = Inputs, LdA = Outputs, LdB = Inputs, LdY = Inputs, StrideY = Outputs * Inputs, TransposeA = true,
                }
                : new MatmulArgs
                {
                    A = left, B = right, Y = result, Bias = offset, N = Outputs, K = Inputs, LdA = Inputs, LdB = Inputs, LdY = Outputs, StrideB = Outputs * Inputs,
                    StrideBias = Outputs, TransposeB = true, Activation = Activation.Relu,
                });
        }
        return y;
    }

    private static float[] Drawn(int count, ulong seed)
    {
        float[] values = new float[Math.Max(1, count)];
        new RandomStream(seed).FillNormal(values, 0, 1);
        return values;
    }
}
