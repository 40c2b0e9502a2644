using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A convolution over a hypergraph that is learned anew for every set of nodes, with memberships between 0 and 1:
/// <c>A = softmax(mean over heads of &lt;x W_q, p&gt; / sqrt d)</c> with prototypes <c>p = base + linear([mean X; max X])</c>, then
/// <c>Y = X + gate gelu(A gelu(A^T X W1 + b1) W2 + b2)</c>.
/// </summary>
/// <remarks>
/// <para>
/// There is no incidence list: A is dense, <c>[N, softEdges]</c> for each set of nodes, and everything is a batched product; cost grows with N times
/// softEdges, not with N squared as in self-attention. The gate, where there is one, starts at 1.
/// </para>
/// <para>
/// Source: Lei and others, SoftHGNN: Soft Hypergraph Neural Networks for General Visual Recognition, arXiv 2505.15325,
/// and the authors' code, Mengqi-Lei/SoftHGNN.
/// </para>
/// </remarks>
public sealed class SoftHgnnConv : Layer, IStoredLayer<SoftHgnnConv>
{
    private readonly SoftEdgeScores _generator;
    private readonly Mlp _toEdges;
    private readonly Mlp _toNodes;
    private readonly Parameter? _gate;

    static SoftHgnnConv()
    {
        LayerTypes.Register<SoftHgnnConv>();
        LayerTypes.Register<SoftHgnnSesConv>();
    }

    /// <summary>Makes the layer with the authors' first values: prototypes Xavier-uniform, linear layers as PyTorch's.</summary>
    /// <param name="features">Features of a node, before and after.</param>
    /// <param name="softEdges">How many soft hyperedges; 16 is the authors' default.</param>
    /// <param name="heads">Divides the features.</param>
    /// <param name="dropout">The share of logits that training sets to zero.</param>
    /// <param name="gate">Whether what is added to the nodes is scaled by a learned number.</param>
    /// <param name="axis">Over what memberships add up to one.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, heads do not divide the features, or dropout is not in [0, 1].</exception>
    public SoftHgnnConv(
        int features, int softEdges = 16, int heads = 4, float dropout = 0.1f, bool gate = false, SoftAxis axis = SoftAxis.Nodes, RandomStream? random = null)
    {
        Axis = axis;
        _gate = gate ? AddParameter("gate", [], Initializer.Ones, random, ParameterRole.Gain) : null;
        _generator = Add("edge_generator", new SoftEdgeScores(nameof(SoftHgnnConv), features, softEdges, heads, dropout, random));
        _toEdges = Add("edge_proj", new Mlp([features, features], random: random));
        _toNodes = Add("node_proj", new Mlp([features, features], random: random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "softhgnn",
        Title = "Soft hypergraph neural network (SoftHGNN, SoftHGNN-SeS)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Lei and others", "SoftHGNN: Soft Hypergraph Neural Networks for General Visual Recognition", "IJCV", 2026)
        {
            Arxiv = "2505.15325",
        },
        Equation = "Y = X + g gelu(A gelu(A^T X W1) W2), A = softmax(<X W_q, P> / sqrt d), P = base + linear([mean X; max X]); SeS keeps the k best columns of A",
        Source = "the method section, and the authors' code, Mengqi-Lei/SoftHGNN",
        Layers = [typeof(SoftHgnnConv), typeof(SoftHgnnSesConv)],
        HypergraphDesign = new(HypergraphStructure.Learned, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Learned),
        Cases = ["softhgnn", "softhgnn_ses"],
        Recipe = "image-soft",
    };

    /// <summary>Features of a node.</summary>
    public int Features => _generator.Features;

    /// <summary>The number of soft hyperedges.</summary>
    public int SoftEdges => _generator.Edges;

    /// <summary>Over what memberships add up to one.</summary>
    public SoftAxis Axis { get; }

    /// <summary>Computes the convolution.</summary>
    /// <param name="nodes">B sets of N nodes, <c>[B, N, features]</c>; or one, <c>[N, features]</c>.</param>
    /// <returns>Shaped as the nodes.</returns>
    /// <exception cref="ArgumentException">nodes have another shape, or a set is empty.</exception>
    public Tensor Forward(Tensor nodes)
    {
        Tensor sets = _generator.Sets(nameof(SoftHgnnConv), nodes);
        Tensor added = SoftEdgeScores.Pass(sets, Assign(sets), _toEdges, _toNodes);
        return Ops.Add(nodes, Ops.Reshape(_gate is null ? added : Ops.Multiply(_gate.Value, added), nodes.Shape));
    }

    /// <summary>Computes the memberships A.</summary>
    /// <param name="nodes">As for <see cref="Forward"/>.</param>
    /// <returns><c>[B, N, softEdges]</c>.</returns>
    /// <exception cref="ArgumentException">As for <see cref="Forward"/>.</exception>
    public Tensor Assignment(Tensor nodes) => Assign(_generator.Sets(nameof(SoftHgnnConv), nodes));

    private Tensor Assign(Tensor sets) => Ops.Softmax(_generator.Forward(sets), Axis == SoftAxis.Nodes ? 1 : 2);

    /// <inheritdoc/>
    protected override string Describe() => $"SoftHgnnConv({Features}, softEdges: {SoftEdges}, heads: {_generator.Heads})";

    static string IStoredLayer<SoftHgnnConv>.TypeName => "SoftHgnnConv";

    static SoftHgnnConv IStoredLayer<SoftHgnnConv>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("softEdges"), settings.Int("heads"), settings.Number("dropout"), settings.Flag("gate"),
        settings.Choice<SoftAxis>("axis"));

    void IStoredLayer<SoftHgnnConv>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("softEdges", SoftEdges).Set("heads", _generator.Heads).Set("dropout", _generator.Dropout)
        .Set("gate", _gate is not null).Set("axis", Axis);
}
