using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The network of UniGNN for classes of nodes: convolutions of one kind with ReLU and dropout between them, the last one with one head and a feature
/// for every class.
/// </summary>
/// <remarks>
/// The authors train it with Adam, rate 0.01, weight decay 5e-4, for 200 epochs, with 8 heads of 8 features, and give nodes hyperedges of their own
/// (<see cref="WithSelfLoops"/>). Source: Huang, Yang, UniGNN: a Unified Framework for Graph and Hypergraph Neural Networks, IJCAI 2021, and the
/// authors' code, OneForward/UniGNN.
/// </remarks>
public sealed class UniGnn : Layer, IStoredLayer<UniGnn>
{
    private readonly UniConv[] _convolutions;
    private readonly Dropout _inputDropout;
    private readonly Dropout _dropout;

    // Its parts have no entry of their own that would make a program use them first.
    static UniGnn()
    {
        LayerTypes.Register<UniGnn>();
        LayerTypes.Register<UniGcnConv>();
        LayerTypes.Register<UniGinConv>();
        LayerTypes.Register<UniSageConv>();
    }

    /// <summary>Makes the network with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of a node in each head between the convolutions.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="kind">The convolution.</param>
    /// <param name="options">How it is made; null means the authors' values.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, there are fewer than two layers, or a share is not in [0, 1].</exception>
    public UniGnn(int inFeatures, int hiddenFeatures, int classes, UniKind kind, UniGnnOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new UniGnnOptions();
        (HiddenFeatures, Kind) = (hiddenFeatures, kind);
        if (Options.Layers < 2)
        {
            throw new ArgumentException($"UniGnn: there must be at least 2 layers; got {Options.Layers}.", nameof(options));
        }
        _convolutions = new UniConv[Options.Layers];
        int wide = Options.Heads * hiddenFeatures;
        for (int layer = 0; layer < _convolutions.Length; layer++)
        {
            bool last = layer == _convolutions.Length - 1;
            UniConv made = Make(layer == 0 ? inFeatures : wide, last ? classes : hiddenFeatures, last ? 1 : Options.Heads, random);
            _convolutions[layer] = Add($"conv{layer + 1}", made);
        }
        _inputDropout = Add("input_dropout", new Dropout(Options.InputDropout, random));
        _dropout = Add("dropout", new Dropout(Options.Dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "unignn",
        Title = "Unified graph and hypergraph networks: UniGCN, UniGIN, UniSAGE",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Huang, Yang", "UniGNN: a Unified Framework for Graph and Hypergraph Neural Networks", "IJCAI", 2021) { Arxiv = "2105.00956" },
        Equation = "h[e] = mean_{v in e} x[v] W; GCN: x'[v] = d[v]^-1/2 sum_e dbar[e]^-1/2 h[e]; GIN: (1 + eps) x[v] W + sum_e h[e]; SAGE: x[v] W + sum_e h[e]",
        Source = "section 3, and the authors' code, OneForward/UniGNN",
        Layers = [typeof(UniGnn), typeof(UniGcnConv), typeof(UniGinConv), typeof(UniSageConv)],
        HypergraphDesign = new(HypergraphStructure.Hypergraph, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Fixed),
        Cases = ["unigcn", "unigin", "unisage"],
        Recipe = "cora-cocitation",
    };

    /// <summary>Features of a node in each head between the convolutions.</summary>
    public int HiddenFeatures { get; }

    /// <summary>The convolution.</summary>
    public UniKind Kind { get; }

    /// <summary>How the network is made.</summary>
    public UniGnnOptions Options { get; }

    /// <summary>Gives a hyperedge of its own to every node that is not the only member of one already, as the authors do.</summary>
    /// <param name="graph">Any hypergraph.</param>
    /// <returns>A new graph whose further hyperedges come last, with weight 1; dispose it apart.</returns>
    public static Hypergraph WithSelfLoops(Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Incidence incidence = graph.Incidence;
        bool[] looped = new bool[graph.NodeCount];
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            ReadOnlySpan<int> members = incidence.MembersOf(edge);
            if (members.Length == 1)
            {
                looped[members[0]] = true;
            }
        }
        int[] others = [.. Enumerable.Range(0, looped.Length).Where(node => !looped[node])];
        return graph.WithSelfLoopsAt(others);
    }

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        Tensor rows = _inputDropout.Forward(nodes);
        foreach (UniConv convolution in _convolutions.AsSpan(0, _convolutions.Length - 1))
        {
            rows = _dropout.Forward(Ops.Relu(convolution.Forward(rows, graph)));
        }
        return _convolutions[^1].Forward(rows, graph);
    }

    private UniConv Make(int inFeatures, int outFeatures, int heads, RandomStream? random) => Kind switch
    {
        UniKind.Gcn => new UniGcnConv(inFeatures, outFeatures, heads, Options.First, Options.RowNorm, random),
        UniKind.Gat => new UniGatConv(inFeatures, outFeatures, heads, Options.First, Options.RowNorm, skip: false, Options.AttentionDropout, random),
        UniKind.Gin => new UniGinConv(inFeatures, outFeatures, heads, Options.First, Options.RowNorm, random),
        UniKind.Sage => new UniSageConv(inFeatures, outFeatures, heads, Options.First, Options.Second, Options.RowNorm, random),
        _ => throw new ArgumentException($"UniGnn: there is no convolution {Kind}."),
    };

    static string IStoredLayer<UniGnn>.TypeName => "UniGnn";

    static UniGnn IStoredLayer<UniGnn>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), settings.Choice<UniKind>("kind"), new UniGnnOptions
        {
            Layers = settings.Int("layers"),
            Heads = settings.Int("heads"),
            InputDropout = settings.Number("inputDropout"),
            Dropout = settings.Number("dropout"),
            AttentionDropout = settings.Number("attentionDropout"),
            First = settings.Choice<SetAggregation>("first"),
            Second = settings.Choice<SetAggregation>("second"),
            RowNorm = settings.Flag("rowNorm"),
        });

    void IStoredLayer<UniGnn>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _convolutions[0].InFeatures).Set("hiddenFeatures", HiddenFeatures).Set("classes", _convolutions[^1].OutFeatures)
        .Set("kind", Kind).Set("layers", Options.Layers).Set("heads", Options.Heads).Set("inputDropout", Options.InputDropout)
        .Set("dropout", Options.Dropout).Set("attentionDropout", Options.AttentionDropout).Set("first", Options.First)
        .Set("second", Options.Second).Set("rowNorm", Options.RowNorm);
}
