using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases.Sized;

/// <summary>
/// Published networks for the nodes of a hypergraph, at the settings of their recipes. The whole graph is one batch: a training step, with its dropout, is an epoch.
/// Forward gives logits, without dropout.
/// </summary>
internal static class HypergraphSized
{
    private const int UniHeads = 8;
    private const int SetHeads = 4;
    private const int EnergySteps = 16;

    private static readonly (string Letter, string Meaning)[] s_letters =
        [("N", "nodes"), ("E", "hyperedges"), ("M", "memberships"), ("I", "features"), ("H", "width")];

    /// <summary>Two convolutions.</summary>
    public static SizedOp Hgnn { get; } = Net(
        "hgnn_step",
        static s => s.Flops(nodes: (s.Inputs + LayerSized.Classes) * s.Width, edges: 0, memberships: 2 * (s.Width + LayerSized.Classes)),
        static (s, random) =>
        {
            Hgnn net = new(s.Inputs, s.Width, LayerSized.Classes, random: random);
            return new Made(net, net.Forward);
        });

    /// <summary>Two layers that attend to a node's hyperedges, the first with eight heads of the width.</summary>
    public static SizedOp UniGat { get; } = Net(
        "unigat_step",
        static s => s.Flops(
            nodes: (s.Inputs + LayerSized.Classes) * UniHeads * s.Width, edges: 0, memberships: 2 * ((UniHeads * s.Width) + LayerSized.Classes)),
        static (s, random) =>
        {
            UniGnn net = new(s.Inputs, s.Width, LayerSized.Classes, UniKind.Gat, new UniGnnOptions { Heads = UniHeads }, random);
            return new Made(net, net.Forward);
        });

    /// <summary>Two deep layers with residuals.</summary>
    public static SizedOp UniGcnII { get; } = Net(
        "unigcnii_step",
        static s => s.Flops(nodes: (s.Inputs + (2 * s.Width) + LayerSized.Classes) * s.Width, edges: 0, memberships: 4 * s.Width),
        static (s, random) =>
        {
            UniGcnII net = new(s.Inputs, s.Width, LayerSized.Classes, random: random);
            return new Made(net, net.Forward);
        });

    /// <summary>A set transformer to hyperedges and one back.</summary>
    public static SizedOp AllSet { get; } = Net(
        "allset_step",
        static s => s.Flops(nodes: (s.Inputs + (2 * s.Width) + LayerSized.Classes) * s.Width, edges: 3 * s.Width * s.Width, memberships: 2 * s.Width),
        static (s, random) =>
        {
            AllSet net = new(s.Inputs, s.Width, LayerSized.Classes, new AllSetOptions { Layers = 1, Heads = SetHeads, ClassifierLayers = 1 }, random);
            return new Made(net, net.Forward);
        });

    /// <summary>One diffusion as its authors set it for citations: means to hyperedges and back, one linear layer behind.</summary>
    public static SizedOp EdHnn { get; } = Net(
        "edhnn_step",
        static s => s.Flops(nodes: (s.Inputs + s.Width + LayerSized.Classes) * s.Width, edges: 0, memberships: 2 * s.Width),
        static (s, random) =>
        {
            EdHnnOptions options = new() { Layers = 1, Mlp1Layers = 0, Mlp2Layers = 0, Mlp3Layers = 1, Alpha = 0, ClassifierLayers = 1 };
            EdHnn net = new(s.Inputs, s.Width, LayerSized.Classes, options, random);
            return new Made(net, net.Forward);
        });

    /// <summary>Sixteen steps down an energy over hyperedges.</summary>
    public static SizedOp PhenomNn { get; } = Net(
        "phenomnn_step",
        static s => s.Flops(nodes: (s.Inputs + LayerSized.Classes) * s.Width, edges: 0, memberships: 2 * EnergySteps * s.Width),
        static (s, random) =>
        {
            PhenomNn net = new(s.Inputs, s.Width, LayerSized.Classes, new PhenomOptions { Lambda0 = 0, Lambda1 = 20, Steps = EnergySteps }, random);
            return new Made(net, net.Forward);
        });

    /// <summary>Two convolutions over the graph of the furthest members, made once.</summary>
    public static SizedOp HyperGcn { get; } = Net(
        "hypergcn_step",
        static s => s.Flops(nodes: (s.Inputs + LayerSized.Classes) * s.Width, edges: 0, memberships: 4 * (s.Width + LayerSized.Classes)),
        static (s, random) =>
        {
            HyperGcn net = new(s.Inputs, s.Width, LayerSized.Classes, random: random);
            HyperGcnLaplacian laplacian = net.Laplacian(s.Nodes, s.Graph);
            return new Made(net, (nodes, _) => net.Forward(nodes, laplacian)) { Structure = laplacian };
        });

    private static SizedOp Net(string op, Func<Setting, double> flops, Func<Setting, RandomStream, Made> make) => new(op, s_letters, (sizes, device) =>
    {
        Hypergraph graph = SegmentSized.RandomGraph(sizes["N"], sizes["E"], sizes["M"], device);
        Setting setting = new(graph, BenchSubject.Normal([sizes["N"], sizes["I"]], device, 2), sizes["H"]);
        Made made = make(setting, new RandomStream(1));
        IDisposable[] parts = made.Structure is null ? [made.Net, graph] : [made.Net, made.Structure, graph];
        BenchSubject step = LayerSized.Make(
            op, sizes, device, sizes["N"], made.Net, flops(setting), 4 * (made.Net.Count + (double)setting.Nodes.Count), () => made.Logits(setting.Nodes, graph), parts);
        return step with
        {
            Forward = () =>
            {
                made.Net.Eval();
                step.Forward();
            },
            Train = tape =>
            {
                made.Net.Train();
                step.Train!(tape);
            },
        };
    });

    /// <summary>What a network is made for.</summary>
    private sealed record Setting(Hypergraph Graph, Tensor Nodes, int Width)
    {
        public int Inputs => Nodes.Shape[1];

        // Multiply-adds per node, hyperedge and membership.
        public double Flops(double nodes, double edges, double memberships) =>
            2 * ((nodes * Graph.NodeCount) + (edges * Graph.EdgeCount) + (memberships * Graph.MembershipCount));
    }

    private sealed record Made(Layer Net, Func<Tensor, Hypergraph, Tensor> Logits)
    {
        public IDisposable? Structure { get; init; }
    }
}
