using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The deep network of UniGNN for classes of nodes: <c>x0 = relu(X W_in + b)</c>, then layers <c>x = relu(UniGCNII_l(x))</c> with
/// <c>beta_l = log(0.5 / l + 1)</c>, then a linear layer; dropout before each.
/// </summary>
/// <remarks>
/// The authors train it with Adam, rate 0.01, weight decay 0.01 on the convolutions (<see cref="Convolutions"/>) and 5e-4 on the two linear layers, for 200 epochs.
/// Deep ones (up to 64 layers) lose nothing. Source: Huang, Yang, UniGNN, IJCAI 2021, section 3, and the authors' code, OneForward/UniGNN.
/// </remarks>
public sealed class UniGcnII : Layer, IStoredLayer<UniGcnII>
{
    private const double Lambda = 0.5;

    private readonly Linear _input;
    private readonly Linear _output;
    private readonly UniGcnIIConv[] _convolutions;
    private readonly Dropout _dropout;

    // Its parts have no entry of their own that would make a program use them first.
    static UniGcnII()
    {
        LayerTypes.Register<UniGcnII>();
        LayerTypes.Register<UniGcnIIConv>();
    }

    /// <summary>Makes the network with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of a node between the layers: the authors' heads times features, 64.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="layers">The number of convolutions.</param>
    /// <param name="dropout">The share of values that training sets to zero before each layer.</param>
    /// <param name="first">How hyperedges gather their members.</param>
    /// <param name="rowNorm">Whether every convolution divides rows by their length.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public UniGcnII(
        int inFeatures, int hiddenFeatures, int classes, int layers = 2, float dropout = 0.6f, SetAggregation first = SetAggregation.Mean, bool rowNorm = false,
        RandomStream? random = null)
    {
        if (layers < 1)
        {
            throw new ArgumentException($"UniGcnII: layers must be at least 1; got {layers}.", nameof(layers));
        }
        _input = Add("input", new Linear(inFeatures, hiddenFeatures, random: random));
        _convolutions = new UniGcnIIConv[layers];
        for (int layer = 0; layer < layers; layer++)
        {
            float beta = (float)Math.Log((Lambda / (layer + 1)) + 1);
            _convolutions[layer] = Add($"conv{layer + 1}", new UniGcnIIConv(hiddenFeatures, beta, first: first, rowNorm: rowNorm, random: random));
        }
        _output = Add("output", new Linear(hiddenFeatures, classes, random: random));
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "unigcnii",
        Title = "Deep UniGNN (UniGCNII)",
        Kind = SystemKind.Hypergraphs,
        Paper = UniGnn.Published.Paper,
        Equation = "x' = (1 - beta) t + beta t W, t = (1 - alpha) d[v]^-1/2 sum_e dbar[e]^-1/2 mean_{v in e} x[v] + alpha x0",
        Source = "section 3, and the authors' code, OneForward/UniGNN",
        Layers = [typeof(UniGcnII), typeof(UniGcnIIConv)],
        HypergraphDesign = new(HypergraphStructure.Hypergraph, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Fixed),
        Cases = ["unigcnii"],
        Recipe = "cora-cocitation",
    };

    /// <summary>The layers between the linear ones.</summary>
    public IReadOnlyList<UniGcnIIConv> Convolutions => _convolutions;

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor edgeScale = UniMessages.EdgeScale(graph);
        Tensor initial = _input.Forward(_dropout.Forward(nodes), Activation.Relu);
        Tensor rows = initial;
        foreach (UniGcnIIConv convolution in _convolutions)
        {
            rows = Ops.Relu(convolution.Forward(_dropout.Forward(rows), initial, graph, edgeScale));
        }
        return _output.Forward(_dropout.Forward(rows));
    }

    static string IStoredLayer<UniGcnII>.TypeName => "UniGcnII";

    static UniGcnII IStoredLayer<UniGcnII>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), settings.Int("layers"), settings.Number("dropout"),
        settings.Choice<SetAggregation>("first"), settings.Flag("rowNorm"));

    void IStoredLayer<UniGcnII>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _input.InFeatures).Set("hiddenFeatures", _input.OutFeatures).Set("classes", _output.OutFeatures)
        .Set("layers", _convolutions.Length).Set("dropout", _dropout.Probability).Set("first", _convolutions[0].First)
        .Set("rowNorm", _convolutions[0].RowNorm);
}
