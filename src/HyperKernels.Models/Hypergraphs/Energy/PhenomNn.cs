using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// PhenomNN for classes of nodes: <c>Y0 = relu(W0 x + b0)</c>, the steps of <see cref="PhenomConv"/> down an energy that smooths Y over the hypergraph, relu, and a linear layer.
/// </summary>
/// <remarks>
/// Dropout stands before each of the three, as in the authors' code. They train with Adam, learning rate 0.01, weight decay 0.0005, at most 1,000 epochs
/// with a patience of 100; lambdas from 0 to 100 and alpha of 0.05, 0.1 or 1 by data set. Their commands for the full model leave its matrices off.
/// Source: as <see cref="PhenomConv"/>.
/// </remarks>
public sealed class PhenomNn : Layer, IStoredLayer<PhenomNn>
{
    private readonly Linear _input;
    private readonly PhenomConv _conv;
    private readonly Linear _output;
    private readonly Dropout _dropout;

    static PhenomNn()
    {
        LayerTypes.Register<PhenomNn>();
        LayerTypes.Register<PhenomConv>();
    }

    /// <summary>Makes the network with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features that the energy is of; 64 is the authors' default.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="options">The choices; null means the simple model with the authors' defaults.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or a number is negative.</exception>
    public PhenomNn(int inFeatures, int hiddenFeatures, int classes, PhenomOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new PhenomOptions();
        _input = Add("input", new Linear(inFeatures, hiddenFeatures, random: random));
        _conv = Add("conv", new PhenomConv(hiddenFeatures, Options, random));
        _output = Add("output", new Linear(hiddenFeatures, classes, random: random));
        _dropout = Add("dropout", new Dropout(Options.Dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "phenomnn",
        Title = "Networks from hypergraph energies (PhenomNN)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Wang, Gan, Qiu, Huang, Wipf", "From Hypergraph Energy Functions to Hypergraph Neural Networks", "ICML", 2023) { Arxiv = "2306.09623" },
        Equation = "Y <- (1 - alpha) Y + alpha (lambda0 d_b + lambda1 d_g + 1)^-1 (Y0 + lambda0 A_b Y + lambda1 A_g Y); in full with matrices B and C",
        Source = "the authors' code (yxzwang/PhenomNN)",
        Layers = [typeof(PhenomConv), typeof(PhenomNn)],
        HypergraphDesign = new(HypergraphStructure.Hypergraph | HypergraphStructure.Clique, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Fixed),
        Cases = ["phenomnn"],
        Recipe = "cora-cocitation",
    };

    /// <summary>The choices.</summary>
    public PhenomOptions Options { get; }

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes, with its weights.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        Tensor initial = _input.Forward(_dropout.Forward(nodes), Activation.Relu);
        Tensor settled = Ops.Relu(_conv.Forward(_dropout.Forward(initial), graph));
        return _output.Forward(_dropout.Forward(settled));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"PhenomNn({_input.InFeatures}, {_input.OutFeatures}, {_output.OutFeatures})";

    static string IStoredLayer<PhenomNn>.TypeName => "PhenomNn";

    static PhenomNn IStoredLayer<PhenomNn>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), PhenomOptionsStore.Read(settings));

    void IStoredLayer<PhenomNn>.WriteSettings(LayerSettings settings) => PhenomOptionsStore.Write(
        Options, settings.Set("inFeatures", _input.InFeatures).Set("hiddenFeatures", _input.OutFeatures).Set("classes", _output.OutFeatures));
}
