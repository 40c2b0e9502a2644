using System.Security.Cryptography;
using System.Runtime.InteropServices;
using HyperKernels.Distributed;

namespace HyperKernels.Tests.Distributed.Ranks;

/// <summary>Sums over processes: those that adding in the order of ranks gives, to the bit; several at once; and their hash, for runs to be compared.</summary>
internal static class Sums
{
    public static void Run(ICommunicator communicator, string[] arguments)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        List<(float[] Values, float[] Expected, Transfer Transfer)> pending = [];
        foreach (int count in new[] { 0, 1, 2, 1023, 1025, 200_003 })
        {
            float[] values = Values(communicator.Rank, count);
            pending.Add((values, Sum(communicator.Size, count), communicator.StartAllReduceSum<float>(values)));
        }
        foreach ((float[] values, float[] expected, Transfer transfer) in pending)
        {
            while (!transfer.Poll())
            {
                Thread.Yield();
            }
            transfer.Wait();
            Expect.Equal(values, expected, $"sum of {values.Length}");
            hash.AppendData(MemoryMarshal.AsBytes<float>(values));
        }
        long[] longs = [communicator.Rank, 1];
        communicator.AllReduceSum<long>(longs);
        Expect.Equal(longs, [(long)communicator.Size * (communicator.Size - 1) / 2, communicator.Size], "sum of integers");
        if (communicator.Rank == 0)
        {
            Console.WriteLine(Convert.ToHexString(hash.GetHashAndReset()));
        }
    }

    // Magnitudes over many powers of ten: every other order of adding gives other bits somewhere.
    private static float[] Values(int rank, int count)
    {
        Random random = new(17 + rank);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 6))))];
    }

    private static float[] Sum(int size, int count)
    {
        float[] sum = Values(0, count);
        for (int rank = 1; rank < size; rank++)
        {
            float[] more = Values(rank, count);
            for (int i = 0; i < count; i++)
            {
                sum[i] += more[i];
            }
        }
        return sum;
    }
}
