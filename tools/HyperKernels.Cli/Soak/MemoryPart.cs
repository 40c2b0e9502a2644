using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Soak;

/// <summary>Training steps and inferences in turn. After half of the time nothing may grow any more.</summary>
internal static class MemoryPart
{
    private const int Round = 50;
    private const double WarmUp = 0.5;

    // A collector may keep a few segments more or less from one look to the next; what leaks grows beyond any bound.
    private const long MostGrowth = 16 << 20;

    public static SoakOutcome Run(SoakRun run)
    {
        RandomStream random = new((ulong)run.Seed);
        using HyperNetwork network = HyperNetwork.For(
            new Sequential(new Linear(32, 64, random: random), new Relu(), new Linear(64, 10, random: random)), Condition.Range("a", 0, 1), hidden: [32],
            options: new HyperNetworkOptions { Random = random });
        using Adam adam = new(network.Parameters);
        DeviceMemory memory = Device.Default.Memory;
        (long steps, long live, State? warm, State last) = (0, 0, null, default);
        List<string> findings = [];
        double share = 0;
        SoakRun watched = run with
        {
            Report = (done, words) =>
            {
                share = done;
                run.Report(done, words);
            },
        };
        while (findings.Count == 0 && watched.GoesOn($"{steps:N0} steps"))
        {
            for (int i = 0; i < Round; i++, steps++)
            {
                Step(network, adam, random);
            }
            if (live != 0 && memory.LiveTensors != live)
            {
                findings.Add($"after {steps} steps {memory.LiveTensors} tensors are alive; before there were {live}");
            }
            live = memory.LiveTensors;
            if (warm is null && share >= WarmUp)
            {
                warm = State.Now();
            }
        }
        last = State.Now();
        State first = warm ?? last;
        if (last.Resident - first.Resident > MostGrowth || last.Managed - first.Managed > MostGrowth)
        {
            findings.Add($"memory grew: {first} half way, {last} at the end");
        }
        return new SoakOutcome(
            [
                new SoakFigure("steps and inferences", steps),
                new SoakFigure("resident memory, MB", last.Resident / 1e6),
                new SoakFigure("its growth in the second half, MB", (last.Resident - first.Resident) / 1e6),
                new SoakFigure("growth of the managed heap, MB", (last.Managed - first.Managed) / 1e6),
                new SoakFigure("live tensors", live),
            ],
            findings);
    }

    private static void Step(HyperNetwork network, Adam adam, RandomStream random)
    {
        using (Tape tape = new())
        {
            Tensor x = Ops.RandomNormal([16, 32], random);
            tape.Backward(Ops.Mean(Ops.Square(network.Forward(x, Ops.RandomUniform([16], random)))));
            adam.Step(tape);
        }
        using MemoryScope scope = new();
        _ = network.Forward(Ops.RandomNormal([4, 32], random), Tensor.From([0.5f])).ToArray();
    }

    private readonly record struct State(long Resident, long Managed)
    {
        public static State Now()
        {
            long managed = GC.GetTotalMemory(forceFullCollection: true);
            return new State(Environment.WorkingSet, managed);
        }
    }
}
