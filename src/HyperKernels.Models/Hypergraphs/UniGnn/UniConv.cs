using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A convolution of UniGNN: rows of nodes become rows of hyperedges, <c>h[e] = mean or sum over the members v of e of x[v] W^T</c>, and these
/// rows of nodes again, in one of four ways.
/// </summary>
/// <remarks>
/// <para>
/// Heads stand side by side in the output, <c>[N, heads outFeatures]</c>; W has no bias. Membership weights weigh members and memberships, an edge
/// weight multiplies its row <c>h[e]</c>, and degrees <c>d</c> are those of <see cref="Hypergraph"/>; the authors know no weights. Nothing of the
/// size of memberships times features is made.
/// </para>
/// <para>
/// With <see cref="RowNorm"/> a node's row is divided by its length, which is a constant in the gradient, as in the authors' code. Source: Huang, Yang,
/// UniGNN: a Unified Framework for Graph and Hypergraph Neural Networks, IJCAI 2021, section 3; options as in the authors' code.
/// </para>
/// </remarks>
public abstract class UniConv : Layer
{
    private readonly Linear _weight;

    /// <summary>Makes W with PyTorch's first values of a linear layer.</summary>
    private protected UniConv(int inFeatures, int outFeatures, int heads, SetAggregation first, bool rowNorm, RandomStream? random)
    {
        if (outFeatures < 1 || heads < 1)
        {
            throw new ArgumentException($"{GetType().Name}: outFeatures and heads must be at least 1; got {outFeatures} and {heads}.");
        }
        (OutFeatures, Heads, First, RowNorm) = (outFeatures, heads, first, rowNorm);
        _weight = Add("W", new Linear(inFeatures, checked(heads * outFeatures), bias: false, random));
    }

    /// <summary>Features of a node.</summary>
    public int InFeatures => _weight.InFeatures;

    /// <summary>Features of a node in each head afterwards.</summary>
    public int OutFeatures { get; }

    /// <summary>The number of heads.</summary>
    public int Heads { get; }

    /// <summary>How hyperedges gather their members.</summary>
    public SetAggregation First { get; }

    /// <summary>Whether rows of nodes are divided by their length.</summary>
    public bool RowNorm { get; }

    /// <summary>Computes the convolution.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, heads outFeatures]</c>, head by head.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the layer's features, or is on another device than the graph.</exception>
    public abstract Tensor Forward(Tensor nodes, Hypergraph graph);

    /// <summary><c>X W^T</c>, <c>[N, heads outFeatures]</c>.</summary>
    private protected Tensor Transform(Tensor nodes) => _weight.Forward(nodes);

    /// <summary>Divides rows by their length where the layer does that.</summary>
    private protected Tensor Normalise(Tensor rows) => RowNorm ? UniMessages.UnitRows(rows) : rows;

    /// <summary>The settings that all convolutions have.</summary>
    private protected LayerSettings WriteCommon(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("heads", Heads).Set("first", First).Set("rowNorm", RowNorm);

    /// <inheritdoc/>
    protected override string Describe() => $"{GetType().Name}({InFeatures}, {OutFeatures}, heads: {Heads}, {First}{(RowNorm ? ", rowNorm: true" : "")})";
}
