using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Adapters for machine translation between many languages: the embeddings of source language, target language and layer go through a residual encoder, and linear heads
/// make the adapter of each pair, <c>y = x + U relu(D (LN(x) (1 + g) + s))</c>.
/// </summary>
/// <remarks>
/// Everything that is generated is divided by the square root of the encoder's width, in every forward pass: that keeps the size of the generated weights independent of
/// the width, and is what lets wide hypernetworks train. Source: Baziotis, Artetxe, Cross, Bhosale, Multilingual Machine Translation with Hyper-Adapters, EMNLP 2022
/// (arXiv 2205.10835).
/// </remarks>
public sealed class LanguageAdapter : Layer, IStoredLayer<LanguageAdapter>
{
    private readonly int _hidden;
    private readonly int _bottleneck;
    private readonly Linear _encode;
    private readonly Linear _first;
    private readonly Linear _second;
    private readonly GeneratedTensor _down;
    private readonly GeneratedTensor _up;
    private readonly GeneratedTensor _gain;
    private readonly GeneratedTensor _shift;

    static LanguageAdapter() => LayerTypes.Register<LanguageAdapter>();

    /// <summary>Makes embeddings, encoder and heads.</summary>
    /// <param name="features">D, the model's width.</param>
    /// <param name="bottleneck">The width of an adapter.</param>
    /// <param name="languages">How many languages there are.</param>
    /// <param name="layers">How many layers the model has.</param>
    /// <param name="embedding">The size of an embedding.</param>
    /// <param name="hidden">The width of the encoder.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public LanguageAdapter(int features, int bottleneck, int languages, int layers, int embedding = 50, int hidden = 512, RandomStream? random = null)
    {
        int[] sizes = [features, bottleneck, languages, layers, embedding, hidden];
        if (sizes.Min() < 1)
        {
            throw new ArgumentException($"LanguageAdapter: all sizes must be at least 1; got [{string.Join(", ", sizes)}].");
        }
        (Features, _bottleneck, _hidden) = (features, bottleneck, hidden);
        Languages = AddParameter("languages", [languages, embedding], Initializer.Normal(), random, ParameterRole.Table);
        Layers = AddParameter("layers", [layers, embedding], Initializer.Normal(), random, ParameterRole.Table);
        _encode = Add("encode", new Linear(3 * embedding, hidden, random: random));
        _first = Add("first", new Linear(hidden, hidden, random: random));
        _second = Add("second", new Linear(hidden, hidden, random: random));
        _down = Add("down", new GeneratedTensor([bottleneck, features], hidden, bias: false, random: random));
        _up = Add("up", new GeneratedTensor([features, bottleneck], hidden, bias: false, random: random));
        _gain = Add("gain", new GeneratedTensor([features], hidden, bias: false, random: random));
        _shift = Add("shift", new GeneratedTensor([features], hidden, bias: false, random: random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyper-adapters",
        Title = "Hyper-Adapters for machine translation",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Baziotis, Artetxe, Cross, Bhosale", "Multilingual Machine Translation with Hyper-Adapters", "EMNLP", 2022) { Arxiv = "2205.10835" },
        Equation = "y = x + U relu(D (LN(x) (1 + g) + s)), [D, U, g, s] = heads(h([source; target; layer])) / sqrt(width)",
        Source = "section 3, with the rescaling of section 3.3",
        Layers = [typeof(LanguageAdapter)],
        Cases = ["Hyper-Adapters MT"],
    };

    /// <summary>D.</summary>
    public int Features { get; }

    /// <summary>The embeddings of languages, one row each.</summary>
    public Parameter Languages { get; }

    /// <summary>The embeddings of layers, one row each.</summary>
    public Parameter Layers { get; }

    /// <summary>Makes the adapters of language pairs for a layer.</summary>
    /// <param name="source">Integers <c>[C]</c>.</param>
    /// <param name="target">Integers <c>[C]</c>.</param>
    /// <param name="layer">The layer's number.</param>
    /// <exception cref="ArgumentException">There is no such language or layer, or the tensors differ in length.</exception>
    public Adapter Generate(Tensor source, Tensor target, int layer)
    {
        if (layer < 0 || layer >= Layers.Shape[0] || source.Rank != 1 || source.Shape != target.Shape)
        {
            throw new ArgumentException(
                $"LanguageAdapter: languages must be two lists of integers of one length, for a layer from 0 to {Layers.Shape[0] - 1}; got {source.Shape}, {target.Shape} and "
                + $"{layer}.");
        }
        Tensor ofLayer = Ops.BroadcastTo(Ops.Slice(Layers.Value, 0, layer, 1), [source.Shape[0], Layers.Shape[1]]);
        Tensor read = Ops.Concatenate(1, Ops.Embedding(Languages.Value, source), Ops.Embedding(Languages.Value, target), ofLayer);
        Tensor h = _encode.Forward(read, Activation.Relu);
        h = Ops.Add(h, _second.Forward(_first.Forward(h, Activation.Relu)));
        float scale = 1 / MathF.Sqrt(_hidden);
        return new Adapter(_down.Matrix(h, scale), null, _up.Matrix(h, scale), null)
        {
            PreGain = Ops.AddScalar(_gain.Vector(h, scale), 1), PreShift = _shift.Vector(h, scale),
        };
    }

    /// <summary>Adds what the adapters of language pairs give.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <param name="source">Integers <c>[C]</c>, C dividing B.</param>
    /// <param name="target">Integers <c>[C]</c>.</param>
    /// <param name="layer">The layer's number.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or there is no such language or layer.</exception>
    public Tensor Forward(Tensor input, Tensor source, Tensor target, int layer) => Generate(source, target, layer).Apply(input, Activation.Relu);

    static string IStoredLayer<LanguageAdapter>.TypeName => "LanguageAdapter";

    static LanguageAdapter IStoredLayer<LanguageAdapter>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("bottleneck"), settings.Int("languages"), settings.Int("layers"), settings.Int("embedding"), settings.Int("hidden"));

    void IStoredLayer<LanguageAdapter>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("bottleneck", _bottleneck).Set("languages", Languages.Shape[0]).Set("layers", Layers.Shape[0])
        .Set("embedding", Languages.Shape[1]).Set("hidden", _hidden);
}
