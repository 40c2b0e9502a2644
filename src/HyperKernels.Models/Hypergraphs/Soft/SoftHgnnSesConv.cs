using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A <see cref="SoftHgnnConv"/> with many soft hyperedges of which each set of nodes uses few: the fixed ones and the k dynamic ones with the largest
/// sum of logits over the nodes. <c>Y = X + gelu(A gelu(A^T X W1 + b1) W2 + b2)</c>, with the columns of A that are not kept zero, and a loss
/// <c>balance = mean over dynamic hyperedges of (share of the batch that kept it - k / dynamicEdges)^2</c>.
/// </summary>
/// <remarks>
/// Of equal sums the lower number is kept. No gradient flows through the choice itself; how the balance loss gets one is
/// <see cref="BalanceGradient"/>. Source as for <see cref="SoftHgnnConv"/>.
/// </remarks>
public sealed class SoftHgnnSesConv : Layer, IStoredLayer<SoftHgnnSesConv>
{
    // Far below any logit: its exponential is exactly 0.
    private const float Never = -1e30f;

    private readonly SoftEdgeScores _generator;
    private readonly Mlp _toEdges;
    private readonly Mlp _toNodes;
    private readonly BalanceGradient _gradient;

    static SoftHgnnSesConv() => LayerTypes.Register<SoftHgnnSesConv>();

    /// <summary>Makes the layer with the authors' first values.</summary>
    /// <param name="features">Features of a node, before and after.</param>
    /// <param name="dynamicEdges">How many soft hyperedges there are to choose from.</param>
    /// <param name="kept">k: how many of them each set of nodes keeps.</param>
    /// <param name="fixedEdges">How many further ones are always kept.</param>
    /// <param name="heads">Divides the features.</param>
    /// <param name="dropout">The share of logits that training sets to zero.</param>
    /// <param name="axis">Over what memberships add up to one.</param>
    /// <param name="balance">What gradient the balance loss has.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, kept is more than dynamicEdges, or heads do not divide the features.</exception>
    public SoftHgnnSesConv(
        int features,
        int dynamicEdges = 64,
        int kept = 16,
        int fixedEdges = 8,
        int heads = 8,
        float dropout = 0.1f,
        SoftAxis axis = SoftAxis.Nodes,
        BalanceGradient balance = BalanceGradient.StraightThrough,
        RandomStream? random = null)
    {
        if (kept < 1 || kept > dynamicEdges || fixedEdges < 0)
        {
            throw new ArgumentException(
                $"SoftHgnnSesConv: kept must be from 1 to dynamicEdges, and fixedEdges not negative; got {kept} of {dynamicEdges}, and {fixedEdges} fixed.");
        }
        (DynamicEdges, Kept, FixedEdges, Axis, _gradient) = (dynamicEdges, kept, fixedEdges, axis, balance);
        _generator = Add("edge_generator", new SoftEdgeScores(nameof(SoftHgnnSesConv), features, fixedEdges + dynamicEdges, heads, dropout, random));
        _toEdges = Add("edge_proj", new Mlp([features, features], random: random));
        _toNodes = Add("node_proj", new Mlp([features, features], random: random));
    }

    /// <summary>Features of a node.</summary>
    public int Features => _generator.Features;

    /// <summary>How many soft hyperedges there are to choose from.</summary>
    public int DynamicEdges { get; }

    /// <summary>How many of them are kept.</summary>
    public int Kept { get; }

    /// <summary>How many are always kept.</summary>
    public int FixedEdges { get; }

    /// <summary>Over what memberships add up to one.</summary>
    public SoftAxis Axis { get; }

    /// <summary>Computes the convolution.</summary>
    /// <param name="nodes">B sets of N nodes, <c>[B, N, features]</c>; or one, <c>[N, features]</c>.</param>
    /// <returns>Nodes shaped as they came, and what was kept, with the balance loss.</returns>
    /// <exception cref="ArgumentException">nodes have another shape, or a set is empty.</exception>
    public (Tensor Nodes, SoftSelection Selection) Forward(Tensor nodes)
    {
        Tensor sets = _generator.Sets(nameof(SoftHgnnSesConv), nodes);
        SoftSelection selection = Select(_generator.Forward(sets));
        Tensor added = SoftEdgeScores.Pass(sets, selection.Assignment, _toEdges, _toNodes);
        return (Ops.Add(nodes, Ops.Reshape(added, nodes.Shape)), selection);
    }

    private SoftSelection Select(Tensor logits)
    {
        int sets = logits.Shape[0];
        Tensor scores = Ops.Slice(Ops.Mean(logits, [1]), 1, FixedEdges, DynamicEdges);
        Tensor chosen = Ops.Sum(Ops.OneHot(Ops.TopK(Ops.Detach(scores), Kept).Indices, DynamicEdges), [1]);
        Tensor kept = Ops.Pad(chosen, [(0, 0), (FixedEdges, 0)], 1);
        Tensor columns = Ops.Reshape(kept, sets, 1, kept.Shape[1]);
        Tensor assignment = Axis == SoftAxis.Nodes
            ? Ops.Multiply(Ops.Softmax(logits, 1), columns)
            : Ops.Softmax(Ops.Where(columns, logits, Tensor.Full([], Never, logits.Device)), 2);
        return new SoftSelection(assignment, kept, Balance(scores, chosen));
    }

    // The mean of logits ranks as their sum does, and its softmax does not sharpen with the number of nodes.
    private Tensor Balance(Tensor scores, Tensor chosen)
    {
        Tensor share = chosen;
        if (_gradient == BalanceGradient.StraightThrough)
        {
            Tensor soft = Ops.MultiplyScalar(Ops.Softmax(scores), Kept);
            share = Ops.Add(chosen, Ops.Subtract(soft, Ops.Detach(soft)));
        }
        Tensor excess = Ops.AddScalar(Ops.Mean(share, [0]), -(float)Kept / DynamicEdges);
        return Ops.Mean(Ops.Square(excess));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"SoftHgnnSesConv({Features}, kept: {Kept} of {DynamicEdges}, fixedEdges: {FixedEdges}, heads: {_generator.Heads})";

    static string IStoredLayer<SoftHgnnSesConv>.TypeName => "SoftHgnnSesConv";

    static SoftHgnnSesConv IStoredLayer<SoftHgnnSesConv>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("dynamicEdges"), settings.Int("kept"), settings.Int("fixedEdges"), settings.Int("heads"),
        settings.Number("dropout"), settings.Choice<SoftAxis>("axis"), settings.Choice<BalanceGradient>("balance"));

    void IStoredLayer<SoftHgnnSesConv>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("dynamicEdges", DynamicEdges).Set("kept", Kept).Set("fixedEdges", FixedEdges).Set("heads", _generator.Heads)
        .Set("dropout", _generator.Dropout).Set("axis", Axis).Set("balance", _gradient);
}
