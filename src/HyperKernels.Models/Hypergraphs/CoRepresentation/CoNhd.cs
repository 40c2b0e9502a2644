using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// CoNHD for classes of nodes that depend on the hyperedge: every membership starts as <c>f0 = relu(W x[v] + b)</c>, makes steps of <see cref="CoNhdConv"/>, and gets logits
/// of its own.
/// </summary>
/// <remarks>
/// <para>
/// The authors encode the rank of a node inside its hyperedge by degree, eigenvector, PageRank and k-core centrality (<see cref="MembershipRanks"/>), and start from
/// features of random walks. They train with Adam, learning rate 0.001 that falls by 0.99 an epoch, weight decay 0.0001, gradients clipped to a norm of 1, 64 or 128 hyperedges
/// a batch with at most 40 hyperedges of each node, 100 epochs.
/// </para>
/// <para>Source: as <see cref="CoNhdConv"/>.</para>
/// </remarks>
public sealed class CoNhd : Layer, IStoredLayer<CoNhd>
{
    private readonly Linear _input;
    private readonly CoNhdConv[] _convs;
    private readonly Linear _output;
    private readonly Dropout _inputDropout;

    static CoNhd()
    {
        LayerTypes.Register<CoNhd>();
        LayerTypes.Register<CoNhdConv>();
    }

    /// <summary>Makes the network with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of a membership; 128 is the authors' default.</param>
    /// <param name="classes">How many logits a membership gets.</param>
    /// <param name="options">What it is made of; null means the authors' defaults.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or heads do not divide the features.</exception>
    public CoNhd(int inFeatures, int hiddenFeatures, int classes, CoNhdOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new CoNhdOptions();
        if (Options.Layers < 1)
        {
            throw new ArgumentException($"CoNhd: there must be at least one layer; got {Options.Layers}.", nameof(options));
        }
        _input = Add("lin_in", new Linear(inFeatures, hiddenFeatures, random: random));
        _convs = new CoNhdConv[Options.Layers];
        if (Options.SharedWeights)
        {
            Array.Fill(_convs, Add("conv", new CoNhdConv(hiddenFeatures, Options, random)));
        }
        else
        {
            LayerList<CoNhdConv> convs = Add("conv", new LayerList<CoNhdConv>());
            for (int i = 0; i < _convs.Length; i++)
            {
                _convs[i] = new CoNhdConv(hiddenFeatures, Options, random);
                convs.With(_convs[i]);
            }
        }
        _output = Add("predict", new Linear(hiddenFeatures, classes, random: random));
        _inputDropout = Add("input_dropout", new Dropout(Options.InputDropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "conhd",
        Title = "Co-representation hypergraph diffusion (CoNHD)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Zheng, Worring", "Modeling Edge-Specific Node Features through Co-Representation Neural Hypergraph Diffusion", "CIKM", 2025) { Arxiv = "2405.14286" },
        Equation = "f <- U [f; Op_edge(f + PE); Op_node(f + PE); f0] for every membership; ADMM: m <- Op(2 f - m + PE) + m - f, f <- U [m_edge; m_node; f0]",
        Source = "the authors' code (zhengyijia/CoNHD)",
        Layers = [typeof(CoNhdConv), typeof(CoNhd)],
        HypergraphDesign = new(
            HypergraphStructure.Hypergraph, HypergraphMessages.EdgeDependent, HypergraphAggregation.Learned, HypergraphTargets.Memberships,
            Features: HypergraphFeatures.Structural),
        Cases = ["conhd"],
        Recipe = "email-eu",
    };

    /// <summary>What it is made of.</summary>
    public CoNhdOptions Options { get; }

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes and M memberships, with encodings.</param>
    /// <returns><c>[M, classes]</c>, in the order of the pairs.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features, or encodings have another size.</exception>
    public Tensor Forward(Tensor nodes, MembershipGraph graph) => _output.Forward(Represent(nodes, graph));

    /// <summary>Computes the rows that logits are read from.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes and M memberships, with encodings.</param>
    /// <returns><c>[M, hiddenFeatures]</c>, in the order of the pairs: <c>Ops.SegmentMean</c> makes rows of nodes or hyperedges of it.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features, or encodings have another size.</exception>
    public Tensor Represent(Tensor nodes, MembershipGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor rows = Ops.NodesToMemberships(_input.Forward(nodes, Activation.Relu), graph.Graph.Incidence);
        Tensor initial = _inputDropout.Forward(rows);
        CoNhdState state = CoNhdState.From(initial);
        foreach (CoNhdConv conv in _convs)
        {
            state = conv.Forward(state, initial, graph);
        }
        return state.Rows;
    }

    /// <inheritdoc/>
    protected override string Describe() => $"CoNhd({_input.InFeatures}, {_input.OutFeatures}, {_output.OutFeatures})";

    static string IStoredLayer<CoNhd>.TypeName => "CoNhd";

    static CoNhd IStoredLayer<CoNhd>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), CoNhdOptionsStore.Read(settings));

    void IStoredLayer<CoNhd>.WriteSettings(LayerSettings settings) => CoNhdOptionsStore.Write(
        Options, settings.Set("inFeatures", _input.InFeatures).Set("hiddenFeatures", _input.OutFeatures).Set("classes", _output.OutFeatures));
}
