using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// An adapter whose tensors are linear maps of a task's vector: <c>y = x + LN_z(U act(D LN_z(x) + d) + u)</c>, with the gains and shifts of the norms generated too. One
/// task for the batch, or one for every sample or group of them.
/// </summary>
/// <remarks>
/// Generated gains start near 0, not near 1, so that a fresh adapter is the identity. Source: Karimi Mahabadi, Ruder, Dehghani, Henderson, Parameter-efficient Multi-task
/// Fine-tuning for Transformers via Shared Hypernetworks, ACL 2021 (arXiv 2106.04489), eq. 1 to 5, and the authors' code, rabeehk/hyperformer: all maps N(0, 0.01^2),
/// biases 0.
/// </remarks>
public sealed class HyperformerAdapter : Layer, IStoredLayer<HyperformerAdapter>
{
    private static readonly Initializer s_start = Initializer.Normal(0, 1e-2f);

    private readonly GeneratedTensor _down;
    private readonly GeneratedTensor _downBias;
    private readonly GeneratedTensor _up;
    private readonly GeneratedTensor _upBias;
    private readonly NormSource? _pre;
    private readonly NormSource? _post;

    static HyperformerAdapter()
    {
        LayerTypes.Register<HyperformerAdapter>();
        LayerTypes.Register<HyperformerController>();
    }

    /// <summary>Makes the heads.</summary>
    /// <param name="features">D, the model's width; the reduction divides it.</param>
    /// <param name="conditions">The size of a task's vector.</param>
    /// <param name="options">Everything else; null means the authors' defaults.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or the reduction does not divide D.</exception>
    public HyperformerAdapter(int features, int conditions, HyperformerOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new HyperformerOptions();
        if (features < 1 || conditions < 1 || Options.Reduction < 1 || features % Options.Reduction != 0)
        {
            throw new ArgumentException(
                $"HyperformerAdapter: sizes must be at least 1, and the reduction must divide features; got {features} features, {conditions} conditions and a reduction of "
                + $"{Options.Reduction}.");
        }
        (Features, Conditions) = (features, conditions);
        int bottleneck = features / Options.Reduction;
        _down = Add("down", new GeneratedTensor([bottleneck, features], conditions, start: s_start, random: random));
        _downBias = Add("down_bias", new GeneratedTensor([bottleneck], conditions, start: s_start, random: random));
        _up = Add("up", new GeneratedTensor([features, bottleneck], conditions, start: s_start, random: random));
        _upBias = Add("up_bias", new GeneratedTensor([features], conditions, start: s_start, random: random));
        _pre = Options.PreNorm ? Add("pre_norm", new NormSource(features, Options.ConditionalNorm ? conditions : 0, random)) : null;
        _post = Options.PostNorm ? Add("post_norm", new NormSource(features, Options.ConditionalNorm ? conditions : 0, random)) : null;
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperformer",
        Title = "Hyperformer and Hyperformer++",
        Kind = SystemKind.Conditional,
        Paper = new Paper(
            "Karimi Mahabadi, Ruder, Dehghani, Henderson", "Parameter-efficient Multi-task Fine-tuning for Transformers via Shared Hypernetworks", "ACL", 2021)
        {
            Arxiv = "2106.04489",
        },
        Equation = "y = x + LN_z(U act(D LN_z(x) + d) + u), every tensor linear in z; for ++ z = LN(W2 relu(W1 [task; layer; position]))",
        Source = "eq. 1 to 8; the authors' code, rabeehk/hyperformer",
        Layers = [typeof(HyperformerAdapter), typeof(HyperformerController)],
        Cases = ["Hyperformer"],
        Recipe = "hyperadapter-digits",
    };

    /// <summary>D.</summary>
    public int Features { get; }

    /// <summary>The size of a task's vector.</summary>
    public int Conditions { get; }

    /// <summary>Everything else.</summary>
    public HyperformerOptions Options { get; }

    /// <summary>Makes the adapter of tasks.</summary>
    /// <param name="tasks"><c>[C, conditions]</c></param>
    /// <returns>One adapter for all samples if C is 1, else C sets.</returns>
    public Adapter Generate(Tensor tasks)
    {
        (Tensor Gain, Tensor Shift)? pre = _pre?.Generate(tasks);
        (Tensor Gain, Tensor Shift)? post = _post?.Generate(tasks);
        return new Adapter(_down.Matrix(tasks), _downBias.Vector(tasks), _up.Matrix(tasks), _upBias.Vector(tasks))
        {
            PreGain = pre?.Gain, PreShift = pre?.Shift, PostGain = post?.Gain, PostShift = post?.Shift,
        };
    }

    /// <summary>Adds what the tasks' adapter gives.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <param name="tasks"><c>[C, conditions]</c>, C dividing B.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor tasks) => Generate(tasks).Apply(input, Options.Activation);

    static string IStoredLayer<HyperformerAdapter>.TypeName => "HyperformerAdapter";

    static HyperformerAdapter IStoredLayer<HyperformerAdapter>.Read(LayerSettings settings) =>
        new(settings.Int("features"), settings.Int("conditions"), ReadOptions(settings));

    void IStoredLayer<HyperformerAdapter>.WriteSettings(LayerSettings settings) =>
        WriteOptions(settings.Set("features", Features).Set("conditions", Conditions), Options);

    internal static HyperformerOptions ReadOptions(LayerSettings settings) => new()
    {
        Reduction = settings.Int("reduction"),
        Activation = settings.Activation(),
        PreNorm = settings.Flag("preNorm"),
        PostNorm = settings.Flag("postNorm"),
        ConditionalNorm = settings.Flag("conditionalNorm"),
    };

    internal static void WriteOptions(LayerSettings settings, HyperformerOptions options) => settings
        .Set("reduction", options.Reduction).SetActivation(options.Activation).Set("preNorm", options.PreNorm).Set("postNorm", options.PostNorm)
        .Set("conditionalNorm", options.ConditionalNorm);

    /// <summary>Gain and shift of a norm: generated, or learned.</summary>
    private sealed class NormSource : Layer
    {
        private readonly GeneratedTensor? _gain;
        private readonly GeneratedTensor? _shift;
        private readonly Parameter? _ownGain;
        private readonly Parameter? _ownShift;

        public NormSource(int features, int conditions, RandomStream? random)
        {
            if (conditions > 0)
            {
                _gain = Add("gain", new GeneratedTensor([features], conditions, start: s_start, random: random));
                _shift = Add("shift", new GeneratedTensor([features], conditions, start: s_start, random: random));
                return;
            }
            _ownGain = AddParameter("weight", [features], Initializer.Ones, role: ParameterRole.Gain);
            _ownShift = AddParameter("bias", [features], Initializer.Zeros, role: ParameterRole.Bias);
        }

        public (Tensor Gain, Tensor Shift) Generate(Tensor tasks) =>
            _gain is null ? (_ownGain!.Value, _ownShift!.Value) : (_gain.Vector(tasks), _shift!.Vector(tasks));
    }
}
