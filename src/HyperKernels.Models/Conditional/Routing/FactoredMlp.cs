using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A dense feed-forward block cut into N experts of which k = N / 2 serve each token: <c>y = (N / k) sum of E_e(x)</c> over the k largest of <c>r(x)</c>. The router learns
/// from the dense block alone: <see cref="Supervise(Tensor, Tensor)"/>.
/// </summary>
/// <remarks>
/// Experts count equally, so that y gives the router no gradient. N / k is a whole number, rounded down, as in the released code. Over several samples the released loss
/// gives the first sample's; here it is the mean over all tokens. Source: Zhao and others, FactorLLM: Factorizing Knowledge via Mixture of Experts for Large Language
/// Models, 2024 (arXiv 2408.11855), and the authors' code, zhenwuweihe/FactorLLM.
/// </remarks>
public sealed class FactoredMlp : TensorLayer, IStoredLayer<FactoredMlp>
{
    private const float Least = 1e-7f;

    static FactoredMlp() => LayerTypes.Register<FactoredMlp>();

    /// <summary>Cuts a block.</summary>
    /// <param name="block">Stays as it is, and remains the teacher.</param>
    /// <param name="experts">N, which divides the block's neurons; at least 2.</param>
    /// <param name="random">Where the router's first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">It does not divide them, or is less than 2.</exception>
    public FactoredMlp(GatedMlp block, int experts = 4, RandomStream? random = null)
        : this(GatedExperts.Split(block, experts), random)
    {
    }

    private FactoredMlp(GatedExperts experts, RandomStream? random)
    {
        if (experts.Experts < 2)
        {
            throw new ArgumentException($"FactoredMlp: at least 2 experts are needed; got {experts.Experts}.", nameof(experts));
        }
        Router = Add("router", new Linear(experts.Features, experts.Experts, random: random));
        Experts = Add("experts", experts);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "factorllm",
        Title = "Dense feed-forward blocks as experts taught by them (FactorLLM)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Zhao and others", "FactorLLM: Factorizing Knowledge via Mixture of Experts for Large Language Models", "arXiv", 2024) { Arxiv = "2408.11855" },
        Equation = "y = (N / k) sum of E_e(x) over the k largest of r(x); r learns which E_e(g) are nearest to T(g) k / N",
        Source = "the authors' code, zhenwuweihe/FactorLLM",
        Layers = [typeof(FactoredMlp), typeof(GatedExperts), typeof(GatedMlp)],
        Cases = ["FactorLLM"],
    };

    /// <summary>r.</summary>
    public Linear Router { get; }

    /// <summary>The experts.</summary>
    public GatedExperts Experts { get; }

    /// <summary>k.</summary>
    public int Active => Experts.Experts / 2;

    private float Scale => Experts.Experts / Active;

    /// <summary>Runs every token through its experts.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <returns><c>[B, ..., D]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input)
    {
        Tensor rows = Ops.Reshape(input, -1, input.Shape[-1]);
        RowGroups groups = RowGroups.Of(Ops.TopK(Router.Forward(rows), Active).Indices, Experts.Experts);
        Tensor given = Experts.Forward(Ops.GatherRows(rows, groups.Sources), groups);
        return Ops.Reshape(Ops.MixGroups(given, groups, Tensor.Full([rows.Shape[0], Active], Scale, rows.Device)), input.Shape);
    }

    /// <summary>Compares the experts with the dense block, token by token.</summary>
    /// <param name="stream">What the dense block reads, <c>[B, ..., D]</c>.</param>
    /// <param name="taught">What it gives, of the same shape.</param>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public RouterSupervision Supervise(Tensor stream, Tensor taught)
    {
        if (stream.Shape != taught.Shape)
        {
            throw new ArgumentException($"FactoredMlp: what the teacher reads and gives must have one shape; they have {stream.Shape} and {taught.Shape}.", nameof(taught));
        }
        Tensor rows = Ops.Reshape(stream, -1, stream.Shape[-1]);
        Tensor labels = Labels(rows, Ops.Reshape(taught, rows.Shape));
        Tensor shares = Ops.Softmax(Router.Forward(rows));
        Tensor chosen = Chosen(shares);
        Tensor wanted = Ops.Clamp(Ops.Softmax(labels), Least, 1 - Least);
        Tensor clipped = Ops.Clamp(shares, Least, 1 - Least);
        Tensor divergence = Ops.Sum(Ops.Multiply(clipped, Ops.Log(Ops.Divide(clipped, wanted))), [1]);
        return new RouterSupervision(Ops.Mean(divergence), Ops.Mean(Ops.Multiply(chosen, shares)), labels);
    }

    static string IStoredLayer<FactoredMlp>.TypeName => "FactoredMlp";

    static FactoredMlp IStoredLayer<FactoredMlp>.Read(LayerSettings settings) => new(settings.Layer<GatedExperts>("experts"), null);

    void IStoredLayer<FactoredMlp>.WriteSettings(LayerSettings settings) => settings.SetLayer("experts", Experts);

    /// <inheritdoc/>
    protected override string Describe() => $"FactoredMlp(active: {Active})";

    // The choice of the nearest has no gradient.
    private Tensor Labels(Tensor rows, Tensor taught)
    {
        Tensor distance = Ops.Subtract(Experts.ForwardAll(rows), Ops.MultiplyScalar(taught, 1 / Scale));
        return Chosen(Ops.Neg(Ops.Transpose(Ops.Mean(Ops.Square(distance), [2]))));
    }

    // One for the k largest of each row.
    private Tensor Chosen(Tensor scores) => Ops.Sum(Ops.OneHot(Ops.TopK(scores, Active).Indices, Experts.Experts), [1]);
}
