using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Takes the embedding of an image, a sound or any other condition to prompts for the layers of a transformer: <c>v = W c + b</c>, three times
/// <c>v &lt;- v + W_2 (silu(W_1 n) * W_3 n)</c> with <c>n = norm(v)</c>, and <c>p_l = v + q_l</c> with trained queries of every layer.
/// </summary>
/// <remarks>
/// Prompts go into an <see cref="InjectedAttention"/>; at inference a <see cref="RetrievalCache"/> may first draw the condition towards known ones. Source: Han and others,
/// ImageBind-LLM: Multi-modality Instruction Tuning (arXiv 2309.03905), section 3, and the authors' code, OpenGVLab/LLaMA-Adapter.
/// </remarks>
public sealed class BindNetwork : TensorLayer, IStoredLayer<BindNetwork>
{
    private const int BlockCount = 3;
    private const float RmsEpsilon = 1e-6f;
    private const float QueryDeviation = 1;

    private readonly Linear _projection;
    private readonly (TensorLayer Norm, Linear Gate, Linear Down, Linear Up)[] _blocks;

    static BindNetwork()
    {
        LayerTypes.Register<BindNetwork>();
        LayerTypes.Register<InjectedAttention>();
    }

    /// <summary>Makes the network.</summary>
    /// <param name="conditionFeatures">The numbers of a condition; ImageBind gives 1024.</param>
    /// <param name="features">D, the size of the transformer's tokens.</param>
    /// <param name="hiddenFeatures">Inside a block; 0 means <c>4 D</c>.</param>
    /// <param name="layers">The layers of the transformer that are given prompts.</param>
    /// <param name="tokens">M, the condition's tokens.</param>
    /// <param name="norm">Before each block.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public BindNetwork(
        int conditionFeatures, int features, int hiddenFeatures = 0, int layers = 1, int tokens = 1, BindNorm norm = BindNorm.Rms, RandomStream? random = null)
    {
        if (conditionFeatures < 1 || features < 1 || hiddenFeatures < 0 || layers < 1 || tokens < 1)
        {
            throw new ArgumentException(
                $"BindNetwork: sizes must be at least 1; got {conditionFeatures} condition features, {features} features, {hiddenFeatures} hidden, {layers} layers, "
                + $"{tokens} tokens.");
        }
        int hidden = hiddenFeatures == 0 ? 4 * features : hiddenFeatures;
        (ConditionFeatures, Features, HiddenFeatures, Layers, Tokens, Norm) = (conditionFeatures, features, hidden, layers, tokens, norm);
        bool bias = norm == BindNorm.Layer;
        _projection = Add("projection", new Linear(conditionFeatures, features, random: random));
        _blocks = new (TensorLayer, Linear, Linear, Linear)[BlockCount];
        for (int i = 0; i < BlockCount; i++)
        {
            _blocks[i] = (
                Add($"norm{i}", norm == BindNorm.Layer ? (TensorLayer)new LayerNorm(features) : new RmsNorm(features, RmsEpsilon)),
                Add($"gate{i}", new Linear(features, hidden, bias, random)),
                Add($"down{i}", new Linear(hidden, features, bias, random)),
                Add($"up{i}", new Linear(features, hidden, bias, random)));
        }
        Queries = AddParameter("queries", [layers, tokens, features], Initializer.Normal(0, QueryDeviation), random, ParameterRole.Table);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "imagebind-llm",
        Title = "ImageBind-LLM: conditions injected through gates that start at zero",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Han and others", "ImageBind-LLM: Multi-modality Instruction Tuning", "arXiv", 2023) { Arxiv = "2309.03905" },
        Equation = "o_h = softmax(Q K' / sqrt(d)) V + tanh(g_h) (W_v p_l)_h, p_l = v + q_l, v <- v + W_2 (silu(W_1 n) * W_3 n)",
        Source = "section 3; the authors' code, OpenGVLab/LLaMA-Adapter",
        Layers = [typeof(BindNetwork), typeof(InjectedAttention)],
        Cases = ["ImageBind-LLM"],
    };

    /// <summary>The numbers of a condition.</summary>
    public int ConditionFeatures { get; }

    /// <summary>D, the size of the transformer's tokens.</summary>
    public int Features { get; }

    /// <summary>Inside a block.</summary>
    public int HiddenFeatures { get; }

    /// <summary>The layers of the transformer that are given prompts.</summary>
    public int Layers { get; }

    /// <summary>M, the condition's tokens.</summary>
    public int Tokens { get; }

    /// <summary>Before each block.</summary>
    public BindNorm Norm { get; }

    /// <summary>q, <c>[layers, M, D]</c>.</summary>
    public Parameter Queries { get; }

    /// <summary>Takes conditions to the space of the transformer, the same for all its layers.</summary>
    /// <param name="input">Conditions <c>[B, M, conditionFeatures]</c>.</param>
    /// <returns>v, <c>[B, M, D]</c></returns>
    /// <exception cref="ArgumentException">The shape differs.</exception>
    public override Tensor Forward(Tensor input)
    {
        if (input.Rank != 3 || input.Shape[1] != Tokens || input.Shape[2] != ConditionFeatures)
        {
            throw new ArgumentException($"BindNetwork: conditions must be [B, {Tokens}, {ConditionFeatures}]; got {input.Shape}.", nameof(input));
        }
        Tensor v = _projection.Forward(input);
        foreach ((TensorLayer norm, Linear gate, Linear down, Linear up) in _blocks)
        {
            Tensor n = norm.Forward(v);
            v = Ops.Add(v, down.Forward(Ops.Multiply(gate.Forward(n, Activation.Silu), up.Forward(n))));
        }
        return v;
    }

    /// <summary>Gives one layer its prompt.</summary>
    /// <param name="bound">What <see cref="Forward"/> gave.</param>
    /// <param name="layer">Which of the transformer's layers that have prompts.</param>
    /// <returns>p_l, <c>[B, M, D]</c></returns>
    public Tensor Prompt(Tensor bound, int layer) => Ops.Add(bound, Ops.Slice(Queries.Value, 0, layer, 1));

    static string IStoredLayer<BindNetwork>.TypeName => "BindNetwork";

    static BindNetwork IStoredLayer<BindNetwork>.Read(LayerSettings settings) => new(
        settings.Int("conditionFeatures"), settings.Int("features"), settings.Int("hiddenFeatures"), settings.Int("layers"), settings.Int("tokens"),
        settings.Choice<BindNorm>("norm"));

    void IStoredLayer<BindNetwork>.WriteSettings(LayerSettings settings) => settings
        .Set("conditionFeatures", ConditionFeatures).Set("features", Features).Set("hiddenFeatures", HiddenFeatures).Set("layers", Layers).Set("tokens", Tokens)
        .Set("norm", Norm);

    /// <inheritdoc/>
    protected override string Describe() => $"BindNetwork({ConditionFeatures}, {Features}, layers: {Layers}, tokens: {Tokens})";
}
