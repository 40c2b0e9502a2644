using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A gate whose matrix and bias are generated: <c>[W_r | b_r] = reshape(V2 relu(V1 e + v1) + v2)</c>, <c>logits = x W_r^T + b_r</c>, from one trainable vector e
/// and a hypernetwork that stays as it was drawn. The middle between a router that learns everything and one that learns nothing.
/// </summary>
/// <remarks>
/// Source: Do and others, HyperRouter: Towards Efficient Training and Inference of Sparse Mixture of Experts, EMNLP 2023 (arXiv 2312.07035), and the authors' code,
/// giangdip2410/HyperRouter. With one active expert its share is 1 whatever the logits are, and the gate gets no gradient.
/// </remarks>
public sealed class HyperGate : Gate, IStoredLayer<HyperGate>
{
    private readonly Linear _first;
    private readonly Linear _second;
    private readonly bool _trainsGenerator;

    static HyperGate() => LayerTypes.Register<HyperGate>();

    /// <summary>Makes the gate.</summary>
    /// <param name="inFeatures">The size d of a row and of the trainable vector.</param>
    /// <param name="experts">The number E of experts.</param>
    /// <param name="hiddenFeatures">The width of the hypernetwork: the authors take 64 (enwik8) or 256 (WikiText-103).</param>
    /// <param name="trainsGenerator">Whether the hypernetwork trains too; then the gate comes to a learned one.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public HyperGate(int inFeatures, int experts, int hiddenFeatures = 256, bool trainsGenerator = false, RandomStream? random = null)
        : base(inFeatures, experts)
    {
        if (hiddenFeatures < 1)
        {
            throw new ArgumentException($"HyperGate: hiddenFeatures must be at least 1; got {hiddenFeatures}.", nameof(hiddenFeatures));
        }
        HiddenFeatures = hiddenFeatures;
        _trainsGenerator = trainsGenerator;
        Embedding = AddParameter("embedding", [1, inFeatures], Initializer.Normal(), random, ParameterRole.Table);
        _first = Add("first", new Linear(inFeatures, hiddenFeatures, random: random));
        _second = Add("second", new Linear(hiddenFeatures, experts * (inFeatures + 1), random: random));
        foreach (Parameter parameter in (Parameter[])[.. _first.Parameters, .. _second.Parameters])
        {
            parameter.RequiresGradient = trainsGenerator;
        }
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperrouter",
        Title = "HyperRouter",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Do and others", "HyperRouter: Towards Efficient Training and Inference of Sparse Mixture of Experts", "EMNLP", 2023) { Arxiv = "2312.07035" },
        Equation = "[W_r | b_r] = reshape(V2 relu(V1 e + v1) + v2), logits = x W_r' + b_r",
        Source = "the authors' code, giangdip2410/HyperRouter",
        Layers = [typeof(HyperGate)],
        Cases = ["HyperRouter"],
        Recipe = "moe-shakespeare",
    };

    /// <summary>The trainable vector, <c>[1, inFeatures]</c>.</summary>
    public Parameter Embedding { get; }

    /// <summary>The width of the hypernetwork.</summary>
    public int HiddenFeatures { get; }

    /// <inheritdoc/>
    public override GateScores Forward(Tensor input)
    {
        Tensor generated = Ops.Reshape(_second.Forward(_first.Forward(Embedding.Value, Activation.Relu)), Experts, InFeatures + 1);
        Tensor logits = Ops.Linear(input, Ops.Slice(generated, 1, 0, InFeatures), Ops.Reshape(Ops.Slice(generated, 1, InFeatures, 1), [Experts]));
        return new GateScores(logits, logits);
    }

    static string IStoredLayer<HyperGate>.TypeName => "HyperGate";

    static HyperGate IStoredLayer<HyperGate>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("experts"), settings.Int("hiddenFeatures"), settings.Flag("trainsGenerator"));

    void IStoredLayer<HyperGate>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("experts", Experts).Set("hiddenFeatures", HiddenFeatures).Set("trainsGenerator", _trainsGenerator);

    /// <inheritdoc/>
    protected override string Describe() => $"HyperGate({InFeatures}, {Experts}, hiddenFeatures: {HiddenFeatures})";
}
