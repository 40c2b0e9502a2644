using HyperKernels.Cases.Sized;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Bench;

/// <summary>The layers and models that are timed. One row of each answer is held against plain loops, or another road to it, first.</summary>
internal static class LayerSubjects
{
    private const double Tolerance = 1e-4;

    public static IReadOnlyDictionary<string, Func<BenchSubject>> All { get; } = new Dictionary<string, Func<BenchSubject>>
    {
        // Names say what runs and at which sizes: they are the benchmarks' identities.
        ["hyper_lenet(B=64 C=64 H=128)"] = HyperLeNet,
        ["hypergraph_conv(N=2708 E=1579 M=4786 I=1433 O=64)"] = HypergraphConvolution,
        ["gru_cell(B=32 I=128 H=256)"] = Gru,
        ["mlp_adam(B=128 784-256-10)"] = MlpAdam,
    };

    /// <summary>One weight set per image for a network of two convolutions and two dense layers.</summary>
    private static BenchSubject HyperLeNet()
    {
        const int Batch = 64;
        RandomStream random = new(1);
        Layer target = LeNet.Create(random: random);
        HyperNetwork hyper = HyperNetwork.For(target, Condition.Unit("gamma"), hidden: [16, 128], options: new HyperNetworkOptions { Random = random });
        float[] conditions = new float[Batch];
        random.FillUniform(conditions);
        Tensor gamma = Tensor.From(conditions, [Batch, 1]);
        Tensor images = Normal([Batch, 1, 28, 28], 2);
        Tensor labels = Tensor.From([.. Enumerable.Range(0, Batch).Select(i => i % 10)], [Batch]);
        using (MemoryScope scope = new())
        using (TensorLayer single = hyper.Materialize(conditions[Batch - 1]))
        {
            float[] alone = single.Forward(Ops.Slice(images, 0, Batch - 1, 1)).ToArray();
            Check("hyper_lenet", Array.ConvertAll(alone, v => (double)v), hyper.Forward(images, gamma).ToArray().AsSpan((Batch - 1) * 10, 10));
        }
        return Subject("hyper_lenet", () => hyper.Forward(images, gamma), y => Ops.CrossEntropy(y, labels), null, hyper, target);
    }

    private static BenchSubject HypergraphConvolution()
    {
        const int Nodes = 2708, Edges = 1579, Memberships = 4786, Inputs = 1433, Outputs = 64, Node = 5;
        Random draw = new(7);
        int[] nodeOf = new int[Memberships];
        int[] edgeOf = new int[Memberships];
        for (int i = 0; i < Memberships; i++)
        {
            nodeOf[i] = i < Nodes ? i : draw.Next(Nodes);
            edgeOf[i] = draw.Next(Edges);
        }
        Hypergraph graph = Hypergraph.FromPairs(Nodes, Edges, nodeOf, edgeOf);
        HypergraphConv layer = new(Inputs, Outputs, random: new RandomStream(1));
        Tensor x = Normal([Nodes, Inputs], 2);
        Tensor labels = Tensor.From([.. Enumerable.Range(0, Nodes).Select(i => i % Outputs)], [Nodes]);
        using (MemoryScope scope = new())
        {
            // Node's row of Dv^-1/2 H De^-1 H^T Dv^-1/2, pair by pair, then times the dense part.
            double[] part = new double[Nodes];
            int[] nodeDegree = Counts(nodeOf, Nodes);
            int[] edgeDegree = Counts(edgeOf, Edges);
            for (int i = 0; i < Memberships; i++)
            {
                for (int j = 0; nodeOf[i] == Node && j < Memberships; j++)
                {
                    part[nodeOf[j]] += edgeOf[j] == edgeOf[i] ? 1 / (Math.Sqrt(nodeDegree[Node]) * edgeDegree[edgeOf[i]] * Math.Sqrt(nodeDegree[nodeOf[j]])) : 0;
                }
            }
            float[] values = x.ToArray();
            double[] mixed = [.. Enumerable.Range(0, Inputs).Select(i => Enumerable.Range(0, Nodes).Sum(n => part[n] * values[(n * Inputs) + i]))];
            IReadOnlyDictionary<string, HostArray> state = layer.GetState();
            double[] row = Dense(state["theta.weight"].Values, state["theta.bias"].Values, mixed, part.Sum());
            Check("hypergraph_conv", row, layer.Forward(x, graph).ToArray().AsSpan(Node * Outputs, Outputs));
        }
        return Subject("hypergraph_conv", () => layer.Forward(x, graph), y => Ops.CrossEntropy(y, labels), null, layer, graph);
    }

    private static BenchSubject Gru()
    {
        const int Batch = 32, Inputs = 128, Hidden = 256;
        GruCell cell = new(Inputs, Hidden, random: new RandomStream(1));
        Tensor x = Normal([Batch, Inputs], 2);
        Tensor state = Normal([Batch, Hidden], 3);
        using (MemoryScope scope = new())
        {
            IReadOnlyDictionary<string, HostArray> w = cell.GetState();
            float[] old = state.ToArray();
            double[] fromInput = Dense(w["weight_ih"].Values, w["bias_ih"].Values, [.. x.ToArray().Take(Inputs).Select(v => (double)v)]);
            double[] fromState = Dense(w["weight_hh"].Values, w["bias_hh"].Values, [.. old.Take(Hidden).Select(v => (double)v)]);
            double[] row = new double[Hidden];
            for (int i = 0; i < Hidden; i++)
            {
                double reset = 1 / (1 + Math.Exp(-fromInput[i] - fromState[i]));
                double update = 1 / (1 + Math.Exp(-fromInput[Hidden + i] - fromState[Hidden + i]));
                double candidate = Math.Tanh(fromInput[(2 * Hidden) + i] + (reset * fromState[(2 * Hidden) + i]));
                row[i] = ((1 - update) * candidate) + (update * old[i]);
            }
            Check("gru_cell", row, cell.Forward(x, state).ToArray().AsSpan(0, Hidden));
        }
        return Subject("gru_cell", () => cell.Forward(x, state), y => Ops.Mean(Ops.Square(y)), null, cell);
    }

    private static BenchSubject MlpAdam()
    {
        const int Batch = 128, Inputs = 784;
        Mlp mlp = new([Inputs, 256, 10], random: new RandomStream(1));
        Adam adam = new(mlp.Parameters, learningRate: 1e-4f);
        Tensor x = Normal([Batch, Inputs], 2);
        Tensor labels = Tensor.From([.. Enumerable.Range(0, Batch).Select(i => i % 10)], [Batch]);
        using (MemoryScope scope = new())
        {
            IReadOnlyDictionary<string, HostArray> w = mlp.GetState();
            double[] hidden = Dense(w["0.weight"].Values, w["0.bias"].Values, [.. x.ToArray().Take(Inputs).Select(v => (double)v)]);
            double[] row = Dense(w["2.weight"].Values, w["2.bias"].Values, [.. hidden.Select(v => Math.Max(v, 0))]);
            Check("mlp_adam", row, mlp.Forward(x).ToArray().AsSpan(0, 10));
        }
        return Subject("mlp_adam", () => mlp.Forward(x), y => Ops.CrossEntropy(y, labels), adam, adam, mlp);
    }

    private static BenchSubject Subject(string name, Func<Tensor> forward, Func<Tensor, Tensor> loss, Adam? adam, params IDisposable[] owned) => new()
    {
        Op = name,
        Sizes = "",
        Flops = 0,
        Bytes = 0,
        Forward = () => forward(),
        Train = tape =>
        {
            tape.Backward(loss(forward()));
            adam?.Step(tape);
        },
        Owned = new DisposableGroup(owned),
    };

    private static Tensor Normal(Shape shape, int seed)
    {
        float[] values = new float[shape.Count];
        new RandomStream((ulong)seed).FillNormal(values);
        return Tensor.From(values, shape);
    }

    private static int[] Counts(int[] ids, int count)
    {
        int[] counts = new int[count];
        foreach (int id in ids)
        {
            counts[id]++;
        }
        return counts;
    }

    // W x + scale b in doubles.
    private static double[] Dense(float[] weight, float[] bias, double[] x, double scale = 1) =>
        [.. bias.Select((b, o) => (b * scale) + Enumerable.Range(0, x.Length).Sum(i => weight[(o * x.Length) + i] * x[i]))];

    private static void Check(string name, double[] expected, ReadOnlySpan<float> actual)
    {
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(actual[i] - expected[i]) <= Tolerance * scale))
            {
                throw new InvalidOperationException($"{name} gives wrong values: expected {expected[i]:G7} at {i}, got {actual[i]:G7}.");
            }
        }
    }
}
