using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Chooses k tokens of a sequence by a score <c>s = x . w</c>, with differentiable shares: the soft top-k by coordinate descent. From <c>a = 0, b = -s</c> on,
/// <c>a = e (log k' - logsumexp((s + b) / e))</c> and <c>b = -relu(s + a)</c> in turn while the temperature e falls; then <c>share = exp((s + a + b) / e)</c>. Shares
/// lie in [0, 1] and add up to about k'.
/// </summary>
/// <remarks>
/// The choice is made by the scores: several shares may be exactly 1. Source: Lei and others, Conditional Adapters, NeurIPS 2023 (arXiv 2304.04947), section 3, in the form
/// of lucidrains/CoLT5-attention, where the last division is by the temperature after its last fall.
/// </remarks>
public sealed class SoftTopKRouter : Layer, IStoredLayer<SoftTopKRouter>
{
    // No exponential of it is above zero, and no sum with it overflows.
    private const float Never = -1e30f;

    static SoftTopKRouter() => LayerTypes.Register<SoftTopKRouter>();

    /// <summary>Makes the router.</summary>
    /// <param name="inFeatures">D, the size of a token.</param>
    /// <param name="options">The descent's; null means its defaults.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size, the number of updates or the least temperature is not positive.</exception>
    public SoftTopKRouter(int inFeatures, SoftTopKOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new SoftTopKOptions();
        if (inFeatures < 1 || Options.Iterations < 1 || !(Options.Epsilon > 0) || !(Options.Ratio > 0))
        {
            throw new ArgumentException(
                $"SoftTopKRouter: inFeatures, Iterations, Epsilon and Ratio must be positive; got {inFeatures}, {Options.Iterations}, {Options.Epsilon} and {Options.Ratio}.");
        }
        InFeatures = inFeatures;
        Weight = AddParameter("weight", [inFeatures], Initializer.DefaultFor(inFeatures), random);
    }

    /// <summary>D.</summary>
    public int InFeatures { get; }

    /// <summary>The descent's.</summary>
    public SoftTopKOptions Options { get; }

    /// <summary>w, <c>[D]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>Chooses tokens.</summary>
    /// <param name="tokens"><c>[B, S, D]</c></param>
    /// <param name="active">k, how many of each sample; all of them where there are fewer.</param>
    /// <param name="mask"><c>[B, S]</c>, 1 for tokens and 0 for padding, which is chosen last and counts nothing; null for no padding.</param>
    /// <exception cref="ArgumentException">A shape does not fit, or active is less than 1.</exception>
    public TokenSelection Forward(Tensor tokens, int active, Tensor? mask = null)
    {
        if (tokens.Rank != 3 || tokens.Shape[2] != InFeatures || active < 1)
        {
            throw new ArgumentException(
                $"SoftTopKRouter: tokens must be [B, S, {InFeatures}] and at least one active; got {tokens.Shape} and {active} active.", nameof(tokens));
        }
        (int batch, int length) = (tokens.Shape[0], tokens.Shape[1]);
        if (mask is { } given && given.Shape != new Shape(batch, length))
        {
            throw new ArgumentException($"SoftTopKRouter: the mask must be [{batch}, {length}]; it is {given.Shape}.", nameof(mask));
        }
        active = Math.Min(active, length);
        Tensor scores = Ops.Reshape(Ops.Linear(tokens, Ops.Reshape(Weight.Value, 1, InFeatures)), batch, length);
        Tensor shares = Shares(scores, Math.Min(active * Options.Ratio, length), mask);
        Tensor ranked = mask is { } real ? Where(real, scores) : scores;
        int[] chosen = Ops.TopK(ranked, active).Indices.ToIntArray();
        int[] rows = new int[chosen.Length];
        for (int sample = 0; sample < batch; sample++)
        {
            Array.Sort(chosen, sample * active, active);
            for (int i = sample * active; i < (sample + 1) * active; i++)
            {
                rows[i] = (sample * length) + chosen[i];
            }
        }
        Tensor flat = Tensor.From(rows, [batch, active], tokens.Device);
        Tensor factors = Ops.GatherRows(Ops.Reshape(shares, batch * length), flat);
        if (Options.StraightThrough)
        {
            Tensor ones = mask is { } kept ? Ops.GatherRows(Ops.Reshape(kept, batch * length), flat) : Tensor.Ones(flat.Shape, tokens.Device);
            factors = Ops.Add(ones, Ops.Subtract(factors, Ops.Detach(factors)));
        }
        return new TokenSelection(shares, Tensor.From(chosen, [batch, active], tokens.Device), flat, factors);
    }

    /// <summary>The descent alone: shares of the tokens whose scores are given.</summary>
    /// <param name="scores"><c>[B, S]</c></param>
    /// <param name="sum">k', what the shares of a sample add up to.</param>
    /// <param name="mask">As in <see cref="Forward"/>.</param>
    /// <returns><c>[B, S]</c></returns>
    public Tensor Shares(Tensor scores, float sum, Tensor? mask = null)
    {
        float epsilon = Math.Max(Options.FirstEpsilon, Options.Epsilon);
        Tensor b = Ops.Neg(scores);
        Tensor shifted = scores;
        for (int i = 0; i < Options.Iterations; i++)
        {
            Tensor scaled = Ops.MultiplyScalar(Ops.Add(scores, b), 1 / epsilon);
            Tensor total = Ops.LogSumExp(mask is { } padded ? Where(padded, scaled) : scaled, [1], keepAxes: true);
            Tensor a = Ops.MultiplyScalar(Ops.AddScalar(Ops.Neg(total), MathF.Log(sum)), epsilon);
            shifted = Ops.Add(scores, a);
            b = Ops.Neg(Ops.Relu(shifted));
            epsilon = Math.Max(epsilon * Options.Decay, Options.Epsilon);
        }
        Tensor shares = Ops.Exp(Ops.MultiplyScalar(Ops.Add(shifted, b), 1 / epsilon));
        return mask is { } real ? Ops.Multiply(shares, real) : shares;
    }

    static string IStoredLayer<SoftTopKRouter>.TypeName => "SoftTopKRouter";

    static SoftTopKRouter IStoredLayer<SoftTopKRouter>.Read(LayerSettings settings) => new(settings.Int("inFeatures"), new SoftTopKOptions
    {
        Iterations = settings.Int("iterations"),
        FirstEpsilon = settings.Number("firstEpsilon"),
        Decay = settings.Number("decay"),
        Epsilon = settings.Number("epsilon"),
        Ratio = settings.Number("ratio"),
        StraightThrough = settings.Flag("straightThrough"),
    });

    void IStoredLayer<SoftTopKRouter>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("iterations", Options.Iterations).Set("firstEpsilon", Options.FirstEpsilon).Set("decay", Options.Decay)
        .Set("epsilon", Options.Epsilon).Set("ratio", Options.Ratio).Set("straightThrough", Options.StraightThrough);

    /// <inheritdoc/>
    protected override string Describe() => $"SoftTopKRouter({InFeatures})";

    private static Tensor Where(Tensor mask, Tensor values) => Ops.Where(mask, values, Tensor.Full(values.Shape, Never, values.Device));
}
