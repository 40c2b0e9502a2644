using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HyperKernels.Distributed;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Distributed.Ranks;

/// <summary>
/// A network trained on shares of batches beside the same trained by one process on the whole batches: parameters agree to rounding, and between processes to the bit.
/// Arguments: the rows of a batch, the bytes of a bucket, and whether factors must have been gathered.
/// </summary>
internal static class Steps
{
    private const int Inputs = 1500;
    private const int Classes = 10;
    private const int Count = 3;

    public static void Run(ICommunicator communicator, string[] arguments)
    {
        int rows = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        DataParallel parallel = new(communicator, int.Parse(arguments[1], CultureInfo.InvariantCulture));
        bool gathers = bool.Parse(arguments[2]);
        Device.Cpu.Threads = 1;

        // Others than those of rank 0, until they are told.
        using Sequential shared = Network((ulong)communicator.Rank);
        using Sequential alone = Network(0);
        parallel.Start(shared.Parameters);
        using (IDisposable use = parallel.Use())
        {
            Train(shared, rows, parallel);
        }
        Train(alone, rows, null);

        foreach ((Parameter ours, Parameter theirs) in shared.Parameters.Zip(alone.Parameters))
        {
            float[] values = ours.OwnValue.ToArray();
            float[] expected = theirs.OwnValue.ToArray();
            float scale = expected.Max(MathF.Abs);
            for (int i = 0; i < values.Length; i++)
            {
                if (!(MathF.Abs(values[i] - expected[i]) <= 2e-6f * scale))
                {
                    throw new InvalidOperationException($"{ours.Name}: value {i} must be {expected[i]} within {2e-6f * scale}; it is {values[i]}.");
                }
            }
            byte[] hash = SHA256.HashData(MemoryMarshal.AsBytes<float>(values));
            Expect.Equal(communicator.AllGather<byte>(hash), [.. Enumerable.Repeat(hash, communicator.Size).SelectMany(static one => one)], $"hashes of {ours.Name}");
        }
        if (parallel.Figures.GatheredBytes > 0 != gathers || parallel.Figures.SummedBytes == 0 || parallel.Figures.Passes != Count)
        {
            throw new InvalidOperationException($"factors must {(gathers ? "" : "not ")}have been gathered: {parallel.Figures}");
        }
        if (communicator.Rank == 0)
        {
            Console.WriteLine(Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<float>(shared.Parameters[0].OwnValue.ToArray()))));
        }
    }

    // The first matrix is larger than a second cache, so that its gradient stays two factors; that of the second does not.
    private static Sequential Network(ulong seed)
    {
        RandomStream random = new(seed);
        return new Sequential(new Linear(Inputs, Inputs, random: random), new Relu(), new Linear(Inputs, Classes, random: random));
    }

    private static void Train(Sequential network, int rows, DataParallel? parallel)
    {
        using Sgd sgd = new(network.Parameters, learningRate: 0.1f, momentum: 0.9f);
        Random random = new(5);
        for (int step = 0; step < Count; step++)
        {
            float[] inputs = [.. Enumerable.Range(0, rows * Inputs).Select(_ => random.NextSingle() - 0.5f)];
            int[] labels = [.. Enumerable.Range(0, rows).Select(_ => random.Next(Classes))];
            (int start, int count) = parallel?.Share(rows) ?? (0, rows);
            using Tape tape = new();
            Tensor x = Tensor.From(inputs.AsSpan(start * Inputs, count * Inputs), [count, Inputs]);
            tape.Backward(Ops.CrossEntropy(network.Forward(x), Tensor.From(labels.AsSpan(start, count), [count])));
            sgd.Step(tape);
        }
    }
}
