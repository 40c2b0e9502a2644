using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// ED-HNN for classes of nodes: <c>x0 = relu(W x)</c>, then one convolution applied again and again with the same weights, each time with an activation behind it, and a
/// perceptron on what nodes are then.
/// </summary>
/// <remarks>
/// The authors give every node a hyperedge of its own first (<see cref="Hypergraph.WithSelfLoops"/>); they train with Adam, learning rate 0.001, no
/// weight decay, 500 epochs. Their setting for Cora and Citeseer is one layer with MLP1 and MLP2 of 0 layers, MLP3 of 1, alpha 0 and 256 features. With perceptrons of two layers
/// and dropout 0.5, words as features want <see cref="EdHnnOptions.InitialNorm"/>: see there. Source: as <see cref="EdHnnConv"/>, with the authors' code for what surrounds
/// the convolutions.
/// </remarks>
public sealed class EdHnn : Layer, IStoredLayer<EdHnn>
{
    private readonly Linear _input;
    private readonly LayerNorm? _initialNorm;
    private readonly EdHnnLayer _conv;
    private readonly SetMlp _classifier;
    private readonly Dropout _inputDropout;
    private readonly Dropout _dropout;

    static EdHnn()
    {
        LayerTypes.Register<EdHnn>();
        LayerTypes.Register<EdHnnConv>();
        LayerTypes.Register<JumpLinkConv>();
        LayerTypes.Register<MeanDegreeConv>();
    }

    /// <summary>Makes the network with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features between convolutions; 64 is the authors' default.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="options">What it is made of; null means the authors' defaults.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or an option has no sense.</exception>
    public EdHnn(int inFeatures, int hiddenFeatures, int classes, EdHnnOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new EdHnnOptions();
        if (Options.Layers < 1)
        {
            throw new ArgumentException($"EdHnn: there must be at least one layer; got {Options.Layers}.", nameof(options));
        }
        _input = Add("lin_in", new Linear(inFeatures, hiddenFeatures, random: random));
        _initialNorm = Options.InitialNorm ? Add("initial_norm", new LayerNorm(hiddenFeatures, affine: false)) : null;
        _conv = Add("conv", Conv(hiddenFeatures, Options, random));
        _classifier = Add("classifier", new SetMlp(
            hiddenFeatures, Options.ClassifierFeatures, classes, Options.ClassifierLayers, Options.Normalization, false, Options.Dropout, random));
        _inputDropout = Add("input_drop", new Dropout(Options.InputDropout, random));
        _dropout = Add("dropout", new Dropout(Options.Dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "edhnn",
        Title = "Equivariant hypergraph diffusion (ED-HNN)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Wang, Yang, Liu, Wang, Li", "Equivariant Hypergraph Diffusion Neural Operators", "ICLR", 2023) { Arxiv = "2207.06680" },
        Equation = "h[e] = mean MLP1(x[v]), m[v, e] = MLP2([x[v]; h[e]]), x'[v] = MLP3((1 - alpha) mean m[v, e] + alpha x0[v])",
        Source = "the authors' code (Graph-COM/ED-HNN), with its variants JumpLink and MeanDeg",
        Layers = [typeof(EdHnnConv), typeof(JumpLinkConv), typeof(MeanDegreeConv), typeof(EdHnn)],
        HypergraphDesign = new(HypergraphStructure.Hypergraph, HypergraphMessages.EdgeDependent, HypergraphAggregation.Learned),
        Cases = ["edhnn_conv"],
        Recipe = "cora-cocitation",
    };

    /// <summary>What it is made of.</summary>
    public EdHnnOptions Options { get; }

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes. Its structure alone counts, not its weights.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        Tensor initial = _input.Forward(_inputDropout.Forward(nodes), Activation.Relu);
        initial = _initialNorm?.Forward(initial) ?? initial;
        Tensor x = initial;
        for (int i = 0; i < Options.Layers; i++)
        {
            x = Ops.Activate(_conv.Forward(_dropout.Forward(x), graph, initial), Options.Activation);
        }
        return _classifier.Forward(_dropout.Forward(x));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"EdHnn({_input.InFeatures}, {_input.OutFeatures}, {_classifier.OutFeatures}, {Options})";

    static string IStoredLayer<EdHnn>.TypeName => "EdHnn";

    static EdHnn IStoredLayer<EdHnn>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), EdHnnOptionsStore.Read(settings));

    void IStoredLayer<EdHnn>.WriteSettings(LayerSettings settings) => EdHnnOptionsStore.Write(
        Options, settings.Set("inFeatures", _input.InFeatures).Set("hiddenFeatures", _input.OutFeatures).Set("classes", _classifier.OutFeatures));

    private static EdHnnLayer Conv(int features, EdHnnOptions options, RandomStream? random) => options.Kind switch
    {
        EdHnnKind.Equivariant => new EdHnnConv(features, features, options, random),
        EdHnnKind.JumpLink => new JumpLinkConv(features, options.Mlp1Layers, options.Aggregation, options.Alpha, options.Beta, random),
        EdHnnKind.MeanDegree => new MeanDegreeConv(features, features, options.Mlp1Layers, options.Mlp2Layers, options.Mlp3Layers, random),
        _ => throw new ArgumentException($"EdHnn: Kind must be Equivariant, JumpLink or MeanDegree; got {options.Kind}.", nameof(options)),
    };
}
