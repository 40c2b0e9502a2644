using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A conditional adapter (CoDA): all tokens pass a light adapter, and k tokens of each sample, which a <see cref="SoftTopKRouter"/> picks, pass a heavy block besides:
/// <c>y = x + Up relu(Down x) + scatter(factor_I Heavy(x_I))</c>. The heavy block, usually a pretrained one that stays frozen, runs on the picked tokens alone.
/// </summary>
/// <remarks>
/// <para>
/// The way up starts at zero. To freeze the block set <see cref="Parameter.RequiresGradient"/> of its parameters to false; gradients still flow through it to
/// the tokens.
/// </para>
/// Source: Lei and others, Conditional Adapters: Parameter-efficient Transfer Learning with Fast Inference, NeurIPS 2023 (arXiv 2304.04947). The router agrees with a
/// public implementation; how the block is wired around it is not verified against the authors' code, which is not public.
/// </remarks>
public sealed class ConditionalAdapter : TensorLayer, IStoredLayer<ConditionalAdapter>
{
    static ConditionalAdapter()
    {
        LayerTypes.Register<ConditionalAdapter>();
        LayerTypes.Register<SoftTopKRouter>();
    }

    /// <summary>Puts adapter and router around a block.</summary>
    /// <param name="heavy">Maps <c>[B, k, D]</c> to <c>[B, k, D]</c>: a feed-forward block.</param>
    /// <param name="features">D, the size of a token.</param>
    /// <param name="bottleneck">The width between the adapter's ways down and up.</param>
    /// <param name="active">k, how many tokens of a sample pass the block.</param>
    /// <param name="options">The router's; null means its defaults.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public ConditionalAdapter(
        TensorLayer heavy, int features, int bottleneck, int active, SoftTopKOptions? options = null, RandomStream? random = null)
        : this(heavy, new SoftTopKRouter(features, options, random), bottleneck, active, random)
    {
    }

    private ConditionalAdapter(TensorLayer heavy, SoftTopKRouter router, int bottleneck, int active, RandomStream? random)
    {
        ArgumentNullException.ThrowIfNull(heavy);
        if (active < 1)
        {
            throw new ArgumentException($"ConditionalAdapter: at least one token must be active; got {active}.", nameof(active));
        }
        Active = active;
        Router = Add("router", router);
        Down = Add("down", new Linear(router.InFeatures, bottleneck, random: random));
        Up = Add("up", new Linear(bottleneck, router.InFeatures, random: random));
        Initializer.Zeros.Apply(Up.Weight);
        Initializer.Zeros.Apply(Up.Bias!);
        Heavy = Add("heavy", heavy);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "coda",
        Title = "Conditional adapters (CoDA)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Lei and others", "Conditional Adapters: Parameter-efficient Transfer Learning with Fast Inference", "NeurIPS", 2023) { Arxiv = "2304.04947" },
        Equation = "y = x + Up relu(Down x) + scatter(lambda_I Heavy(x_I)), I and lambda by a soft top-k of x . w",
        Source = "the soft top-k as in lucidrains/CoLT5-attention; the block around it recalled",
        Layers = [typeof(ConditionalAdapter), typeof(SoftTopKRouter)],
        Cases = ["CoDA"],
    };

    /// <summary>How many tokens of a sample pass the block.</summary>
    public int Active { get; }

    /// <summary>Picks them.</summary>
    public SoftTopKRouter Router { get; }

    /// <summary>The adapter's way down.</summary>
    public Linear Down { get; }

    /// <summary>The adapter's way up.</summary>
    public Linear Up { get; }

    /// <summary>The block.</summary>
    public TensorLayer Heavy { get; }

    /// <summary>Adds what adapter and block give.</summary>
    /// <param name="input"><c>[B, S, D]</c></param>
    /// <returns><c>[B, S, D]</c></returns>
    /// <exception cref="ArgumentException">The input has another shape.</exception>
    public override Tensor Forward(Tensor input) => Forward(input, Router.Forward(input, Active), Heavy.Forward);

    /// <summary>
    /// Adds what the adapter gives for all tokens, and what any block gives for those that are picked: for attention one whose queries are the tokens it gets and whose
    /// keys and values are all of them.
    /// </summary>
    /// <param name="input"><c>[B, S, D]</c></param>
    /// <param name="selection">The router's.</param>
    /// <param name="heavy">Maps the picked tokens <c>[B, k, D]</c> to <c>[B, k, D]</c>.</param>
    /// <returns><c>[B, S, D]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, TokenSelection selection, Func<Tensor, Tensor> heavy)
    {
        ArgumentNullException.ThrowIfNull(selection);
        ArgumentNullException.ThrowIfNull(heavy);
        Tensor light = Ops.Add(input, Up.Forward(Down.Forward(input, Activation.Relu)));
        return Ops.Add(light, selection.Scatter(heavy(selection.Gather(input))));
    }

    static string IStoredLayer<ConditionalAdapter>.TypeName => "ConditionalAdapter";

    static ConditionalAdapter IStoredLayer<ConditionalAdapter>.Read(LayerSettings settings) => new(
        settings.Layer<TensorLayer>("heavy"), settings.Layer<SoftTopKRouter>("router"), settings.Int("bottleneck"), settings.Int("active"), null);

    void IStoredLayer<ConditionalAdapter>.WriteSettings(LayerSettings settings) => settings
        .SetLayer("heavy", Heavy).SetLayer("router", Router).Set("bottleneck", Down.OutFeatures).Set("active", Active);

    /// <inheritdoc/>
    protected override string Describe() => $"ConditionalAdapter(bottleneck: {Down.OutFeatures}, active: {Active})";
}
