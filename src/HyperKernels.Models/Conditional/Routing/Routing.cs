namespace HyperKernels.Models;

/// <summary>Which experts serve each row, with which shares, and how evenly that loads them.</summary>
public sealed class Routing
{
    private const float Small = 1e-10f;
    private const float PortSmall = 1e-6f;
    private static readonly float s_inverseRoot2 = (float)(1 / Math.Sqrt(2));

    private readonly GateScores _scores;
    private readonly ExpertSelection _selection;

    // The largest scores of each row, one more than are kept where there are so many: what the smooth load compares with.
    private readonly Tensor _largest;

    private Routing(GateScores scores, ExpertSelection selection, Tensor largest, Tensor experts, Tensor shares)
    {
        _scores = scores;
        _selection = selection;
        _largest = largest;
        Experts = experts;
        Shares = shares;
    }

    /// <summary><c>[N, active]</c> integers: the experts of each row, the best first; among equals the lower number.</summary>
    public Tensor Experts { get; }

    /// <summary><c>[N, active]</c>: what each of them counts; together 1, or nearly.</summary>
    public Tensor Shares { get; }

    /// <summary>The gate's logits, <c>[N, experts]</c>.</summary>
    public Tensor Logits => _scores.Logits;

    /// <summary>The shares of all experts, <c>[N, experts]</c>, zero for those that do not serve a row.</summary>
    public Tensor Gates
    {
        get
        {
            (int rows, int active) = (Shares.Shape[0], Shares.Shape[1]);
            Tensor chosen = Ops.OneHot(Experts, Logits.Shape[1]);
            return Ops.Reshape(Ops.Matmul(Ops.Reshape(Shares, rows, 1, active), chosen), rows, -1);
        }
    }

    /// <summary>Chooses.</summary>
    /// <param name="scores">The gate's.</param>
    /// <param name="active">How many experts serve a row.</param>
    /// <param name="selection">How shares follow from scores.</param>
    /// <exception cref="ArgumentException">active is not from 1 to the number of experts.</exception>
    /// <remarks>No gradient flows through the choice, only through the shares.</remarks>
    public static Routing Of(GateScores scores, int active, ExpertSelection selection = ExpertSelection.SoftmaxOfKept)
    {
        int experts = scores.Noisy.Shape[-1];
        if (active < 1 || active > experts)
        {
            throw new ArgumentException($"Routing: from 1 to {experts} experts can be active; got {active}.", nameof(active));
        }
        Tensor by = selection == ExpertSelection.SoftmaxOfKept ? scores.Noisy : Ops.Softmax(scores.Noisy);
        (Tensor largest, Tensor places) = Ops.TopK(by, Math.Min(active + 1, experts));
        Tensor kept = Ops.Slice(largest, 1, 0, active);
        Tensor shares = selection switch
        {
            ExpertSelection.SoftmaxOfKept => Ops.Softmax(kept),
            ExpertSelection.KeptProbabilities => active == 1 ? kept : Ops.Divide(kept, Ops.Sum(kept, [1], keepAxes: true)),
            _ => Ops.Divide(kept, Ops.AddScalar(Ops.Sum(kept, [1], keepAxes: true), PortSmall)),
        };
        return new Routing(scores, selection, largest, Ops.Slice(places, 1, 0, active), shares);
    }

    /// <summary>The sum of each expert's shares over the rows, <c>[experts]</c>.</summary>
    public Tensor Importance() => Ops.Sum(Gates, [0]);

    /// <summary>
    /// How many rows each expert serves, <c>[experts]</c>. With a gate's noise its smooth estimate, which has a gradient: the sum over rows of the probability
    /// <c>Phi((logit - t) / deviation)</c> that the expert would be among the active ones if its noise were drawn anew, t being the largest score that it has to
    /// beat. Without noise a plain count.
    /// </summary>
    public Tensor Load()
    {
        int active = Shares.Shape[1];
        int experts = Logits.Shape[1];
        Tensor served = Ops.Sum(Ops.OneHot(Experts, experts), [1]);
        if (_scores.Deviation is not { } deviation || active == experts)
        {
            return Ops.Sum(served, [0]);
        }
        Tensor beyond = Ops.Slice(_largest, 1, active, 1);
        // The port compares noisy logits with probabilities.
        Tensor isIn = _selection != ExpertSelection.KeptOfSoftmax ? served : Ops.Step(Ops.Subtract(_scores.Noisy, beyond));
        Tensor threshold = Ops.Where(isIn, Ops.BroadcastTo(beyond, isIn.Shape), Ops.BroadcastTo(Ops.Slice(_largest, 1, active - 1, 1), isIn.Shape));
        Tensor distance = Ops.MultiplyScalar(Ops.Divide(Ops.Subtract(Logits, threshold), deviation), s_inverseRoot2);
        return Ops.Sum(Ops.MultiplyScalar(Ops.AddScalar(Ops.Erf(distance), 1), 0.5f), [0]);
    }

    /// <summary>How uneven a load is: the squared coefficient of variation, <c>variance / (mean^2 + 1e-10)</c>; a loss term.</summary>
    /// <param name="load"><see cref="Importance"/> or <see cref="Load"/>.</param>
    /// <param name="unbiased">Whether the variance divides by one less than the number of experts, as the port does; the paper's does not.</param>
    public static Tensor SquaredVariation(Tensor load, bool unbiased = false) =>
        load.Count == 1
            ? Ops.MultiplyScalar(Ops.Sum(load), 0)
            : Ops.Divide(Ops.Variance(load, [0], unbiased), Ops.AddScalar(Ops.Square(Ops.Mean(load, [0])), Small));
}
