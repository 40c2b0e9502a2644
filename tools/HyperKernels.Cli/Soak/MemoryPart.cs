using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Soak;

/// <summary>Training steps and inferences in turn, of a hypernetwork and of a hypergraph's layer. After the warm-up nothing may grow any more.</summary>
internal static class MemoryPart
{
    private const int Round = 50;
    private const double WarmUp = 0.2;
    private const int Looks = 200;

    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(10);

    // A collector that has not seen much yet keeps a few segments more or less from one look to the next; what leaks grows beyond any bound.
    private const long MostGrowth = 16_000_000;
    private const long MostGrowthOfLongRun = 1_000_000;

    public static SoakOutcome Run(SoakRun run)
    {
        using Work work = new((ulong)run.Seed);
        DeviceMemory memory = Device.Default.Memory;
        long steps = 0;
        // The fewest seen: what others dropped before goes when it is collected, and only more is a leak.
        long live = long.MaxValue;
        List<State> states = [];
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
                work.Step();
                work.Infer();
            }
            if (steps > Round && memory.LiveTensors > live)
            {
                findings.Add($"after {steps} steps {memory.LiveTensors} tensors are alive; before there were {live}");
            }
            live = Math.Min(live, memory.LiveTensors);
            if (share >= WarmUp + ((1 - WarmUp) * states.Count / Looks))
            {
                states.Add(State.Now());
            }
        }
        states.Add(State.Now());
        long resident = Growth(states, static state => state.Resident);
        long managed = Growth(states, static state => state.Managed);
        long most = run.Time < s_long ? MostGrowth : MostGrowthOfLongRun;
        if (Math.Max(resident, managed) > most)
        {
            findings.Add($"after the warm-up resident memory grew by {resident:N0} bytes and the managed heap by {managed:N0}; {most:N0} are allowed in a run of this length");
        }
        return new SoakOutcome(
            [
                new SoakFigure("steps and inferences", steps),
                new SoakFigure("resident memory, MB", states[^1].Resident / 1e6),
                new SoakFigure("its growth after the warm-up, MB", resident / 1e6),
                new SoakFigure("growth of the managed heap, MB", managed / 1e6),
                new SoakFigure("looks", states.Count),
                new SoakFigure("live tensors", live),
            ],
            findings);
    }

    // From the middle of the first quarter's looks to that of the last's: a look that falls beside a collection decides nothing.
    private static long Growth(List<State> states, Func<State, long> what)
    {
        int quarter = (states.Count + 3) / 4;
        return Median(states[^quarter..]) - Median(states[..quarter]);

        long Median(List<State> some) => some.Select(what).Order().ElementAt(some.Count / 2);
    }

    private sealed class Work : IDisposable
    {
        private readonly RandomStream _random;
        private readonly HyperNetwork _network;
        private readonly Hypergraph _graph;
        private readonly HypergraphConv _convolution;
        private readonly Adam _adam;

        public Work(ulong seed)
        {
            _random = new RandomStream(seed);
            _network = HyperNetwork.For(
                new Sequential(new Linear(32, 64, random: _random), new Relu(), new Linear(64, 10, random: _random)), Condition.Range("a", 0, 1), hidden: [32],
                options: new HyperNetworkOptions { Random = _random });
            _graph = Hypergraph.FromEdges(nodes: 6, [[0, 1, 2], [2, 3], [3, 4, 5]]);
            _convolution = new HypergraphConv(8, 4, random: _random);
            _adam = new Adam([.. _network.Parameters, .. _convolution.Parameters]);
        }

        public void Step()
        {
            using Tape tape = new();
            Tensor x = Ops.RandomNormal([16, 32], _random);
            Tensor digits = Ops.Mean(Ops.Square(_network.Forward(x, Ops.RandomUniform([16], _random))));
            Tensor nodes = Ops.Mean(Ops.Square(_convolution.Forward(Ops.RandomNormal([6, 8], _random), _graph)));
            tape.Backward(Ops.Add(digits, nodes));
            _adam.Step(tape);
        }

        public void Infer()
        {
            using MemoryScope scope = new();
            _ = _network.Forward(Ops.RandomNormal([4, 32], _random), Tensor.From([0.5f])).ToArray();
            _ = _convolution.Forward(Ops.RandomNormal([6, 8], _random), _graph).ToArray();
        }

        public void Dispose()
        {
            _network.Dispose();
            _convolution.Dispose();
            _graph.Dispose();
            _adam.Dispose();
        }
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
