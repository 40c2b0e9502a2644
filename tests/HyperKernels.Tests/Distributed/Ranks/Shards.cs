using System.Globalization;
using HyperKernels.Distributed;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Distributed.Ranks;

/// <summary>A hypernetwork whose last layer is split over processes.</summary>
internal static class Shards
{
    private const int Inputs = 12;
    private const int Outputs = 5;
    private const int Batch = 6;
    private const int Count = 4;

    /// <summary>Beside the same in one process: losses and generated weights agree to rounding.</summary>
    public static void BesideOne(ICommunicator communicator, string[] arguments)
    {
        int stages = communicator.Size;
        using HyperNetwork own = Network(Stage(communicator.Rank, stages), seed: (ulong)communicator.Rank);
        ShardedHyperNetwork sharded = new(communicator, own);

        // The same numbers in one network: the shared ones, and the rows of all one behind the other.
        using HyperNetwork whole = Network(new Sequential([.. Enumerable.Range(0, stages).Select(stage => Stage(stage, stages))]), seed: 99);
        foreach ((Parameter mine, Parameter theirs) in own.Generator.Parameters.Concat(own.Conditioning.Parameters)
            .Zip(whole.Generator.Parameters.Concat(whole.Conditioning.Parameters)))
        {
            theirs.Load(mine.OwnValue.ToArray());
        }
        FullEmission rows = (FullEmission)own.Emission;
        FullEmission all = (FullEmission)whole.Emission;
        all.Weight.Load(Together(communicator, rows.Weight));
        all.Theta0!.Load(Together(communicator, rows.Theta0!));

        using Adam ownAdam = new(own.Parameters, learningRate: 1e-2f);
        using Adam wholeAdam = new(whole.Parameters, learningRate: 1e-2f);
        Random random = new(3);
        for (int step = 0; step < Count; step++)
        {
            using MemoryScope scope = new();
            Tensor x = Tensor.From([.. Enumerable.Range(0, Batch * Inputs).Select(_ => random.NextSingle() - 0.5f)], [Batch, Inputs]);
            Tensor angles = Tensor.From([.. Enumerable.Range(0, Batch).Select(_ => 90 * random.NextSingle())], [Batch]);
            double loss = sharded.Step(x, [angles], Loss, ownAdam);
            double expected;
            using (Tape tape = new())
            {
                Tensor value = Loss(whole.Forward(x, angles));
                tape.Backward(value);
                wholeAdam.Step(tape);
                expected = value.ToScalar();
            }
            if (Math.Abs(loss - expected) > 1e-5 * Math.Abs(expected))
            {
                throw new InvalidOperationException($"step {step}: the loss must be {expected}; it is {loss}.");
            }
        }
        float[] theirRows = all.Weight.OwnValue.ToArray();
        float[] ourRows = Together(communicator, rows.Weight);
        for (int i = 0; i < ourRows.Length; i++)
        {
            if (Math.Abs(ourRows[i] - theirRows[i]) > 1e-4f)
            {
                throw new InvalidOperationException($"row number {i} must be {theirRows[i]}; it is {ourRows[i]}.");
            }
        }
        Expect.Equal([sharded.Count], [(long)whole.Manifest.Count], "P");

        static Tensor Loss(Tensor output) => Ops.Mean(Ops.Square(Ops.AddScalar(output, -1)));
    }

    /// <summary>
    /// Trains two steps of a generator of which each process has a part, and says what it took of address space. Arguments: the width of each of the target's layers, and how
    /// many there are; processes have as many each.
    /// </summary>
    public static void Large(ICommunicator communicator, string[] arguments)
    {
        int width = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        int layers = int.Parse(arguments[1], CultureInfo.InvariantCulture) / communicator.Size;
        Device.Cpu.Threads = 1;
        using HyperNetwork own = Network(new Sequential([.. Enumerable.Range(0, layers).Select(TensorLayer (_) => new Linear(width, width))]), seed: 1);
        ShardedHyperNetwork sharded = new(communicator, own);
        using Adam adam = new(own.Parameters);
        for (int step = 0; step < 2; step++)
        {
            using MemoryScope scope = new();
            double loss = sharded.Step(Tensor.Ones([1, width]), [Tensor.From([30f])], static output => Ops.Mean(Ops.Square(output)), adam);
            if (communicator.Rank == 0)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {step + 1}: loss {loss:G4}; P {sharded.Count:N0}, of which {own.Manifest.Count:N0} here"));
            }
        }
        long most = communicator.AllGather<long>(new[] { AddressSpace() }).Max();
        if (communicator.Rank == 0)
        {
            Console.WriteLine($"address space {most} KiB");
        }
    }

    private static long AddressSpace()
    {
        string line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("VmPeak:", StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static Sequential Stage(int stage, int stages)
    {
        int inputs = stage == 0 ? Inputs : 8 + stage;
        return stage == stages - 1 ? new Sequential(new Linear(inputs, Outputs)) : new Sequential(new Linear(inputs, 9 + stage), new Tanh());
    }

    private static HyperNetwork Network(Layer target, ulong seed)
    {
        RandomStream random = new(seed);
        return HyperNetwork.For(target, Condition.Range("angle", 0, 90), hidden: [16, 32], options: new HyperNetworkOptions { Random = random });
    }

    private static float[] Together(ICommunicator communicator, Parameter parameter)
    {
        float[] own = parameter.OwnValue.ToArray();
        return communicator.AllGather<float>(own, communicator.AllGather<int>(new[] { own.Length }));
    }
}
