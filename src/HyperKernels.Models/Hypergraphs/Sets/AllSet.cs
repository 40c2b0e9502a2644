using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>AllSet for classes of nodes: layers of <see cref="AllSetConv"/> with dropout after each, and a perceptron on what nodes are then.</summary>
/// <remarks>
/// The authors give every node a hyperedge of its own first (<see cref="Hypergraph.WithSelfLoops"/>); they train with Adam, learning rate 0.001, no
/// weight decay, 500 epochs. Source: as <see cref="AllSetConv"/>, with the authors' code for what surrounds the layers.
/// </remarks>
public sealed class AllSet : Layer, IStoredLayer<AllSet>
{
    private readonly LayerList<AllSetConv> _convs;
    private readonly SetMlp _classifier;
    private readonly SetMlp? _features;
    private readonly Linear? _mixture;
    private readonly Dropout _inputDropout;
    private readonly Dropout _dropout;

    static AllSet()
    {
        LayerTypes.Register<AllSet>();
        LayerTypes.Register<AllSetConv>();
    }

    /// <summary>Makes the network.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features between the layers; 64 is the authors' default.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="options">What it is made of; null means AllSetTransformer with the authors' defaults.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, heads do not divide the features, or an option has no sense.</exception>
    public AllSet(int inFeatures, int hiddenFeatures, int classes, AllSetOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new AllSetOptions();
        if (Options.Layers < 1)
        {
            throw new ArgumentException($"AllSet: there must be at least one layer; got {Options.Layers}.", nameof(options));
        }
        (InFeatures, HiddenFeatures, Classes) = (inFeatures, hiddenFeatures, classes);
        _convs = Add("convs", new LayerList<AllSetConv>());
        for (int i = 0; i < Options.Layers; i++)
        {
            _convs.With(new AllSetConv(i == 0 ? inFeatures : hiddenFeatures, hiddenFeatures, Options, random));
        }
        if (Options.MixLayers)
        {
            _features = Add("MLP", new SetMlp(
                inFeatures, hiddenFeatures, hiddenFeatures, Math.Max(1, Options.MlpLayers), Options.Normalization, false, Options.Dropout, random));
            _mixture = Add("GPRweights", new Linear(Options.Layers + 1, 1, bias: false, random));
        }
        _classifier = Add("classifier", new SetMlp(
            hiddenFeatures, Options.ClassifierFeatures, classes, Options.ClassifierLayers, Options.Normalization, false, Options.Dropout, random));
        _inputDropout = Add("input_dropout", new Dropout(Options.InputDropout, random));
        _dropout = Add("dropout", new Dropout(Options.Dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "allset",
        Title = "AllSet (AllDeepSets, AllSetTransformer)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Chien, Pan, Peng, Milenkovic", "You are AllSet: A Multiset Function Framework for Hypergraph Neural Networks", "ICLR", 2022)
        {
            Arxiv = "2106.13264",
        },
        Equation = "z[e] = f({x[v] : v in e}), x'[v] = g({z[e] : v in e}); f, g: MLP(sum MLP(x)), or LN(o + MLP(o)), o = LN(seed + sum softmax(seed . K x) V x)",
        Source = "the authors' code (jianhao2016/AllSet), whose scores have no query",
        Layers = [typeof(AllSetConv), typeof(AllSet)],
        HypergraphDesign = new(HypergraphStructure.Hypergraph, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Learned),
        Cases = ["alldeepsets", "allset_transformer"],
        Recipe = "cora-cocitation",
    };

    /// <summary>Features of a node.</summary>
    public int InFeatures { get; }

    /// <summary>Features between the layers.</summary>
    public int HiddenFeatures { get; }

    /// <summary>How many logits a node gets.</summary>
    public int Classes { get; }

    /// <summary>What it is made of.</summary>
    public AllSetOptions Options { get; }

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        Tensor x = _mixture is null ? _inputDropout.Forward(nodes) : nodes;
        List<Tensor> given = [];
        if (_features is not null)
        {
            given.Add(Ops.Relu(_features.Forward(nodes)));
        }
        for (int i = 0; i < _convs.Length; i++)
        {
            x = _convs[i].Forward(x, graph);
            given.Add(x);
            x = _dropout.Forward(x);
        }
        if (_mixture is not null)
        {
            x = Ops.Reshape(_mixture.Forward(Ops.Stack(2, [.. given])), -1, HiddenFeatures);
        }
        return _classifier.Forward(x);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"AllSet({InFeatures}, {HiddenFeatures}, {Classes})";

    static string IStoredLayer<AllSet>.TypeName => "AllSet";

    static AllSet IStoredLayer<AllSet>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), AllSetOptionsStore.Read(settings));

    void IStoredLayer<AllSet>.WriteSettings(LayerSettings settings) => AllSetOptionsStore.Write(
        Options, settings.Set("inFeatures", InFeatures).Set("hiddenFeatures", HiddenFeatures).Set("classes", Classes));
}
