namespace HyperKernels.Models;

/// <summary>
/// The loss of a classifier whose logits are intervals: <c>kappa CE(y_m) + (1 - kappa) CE(z)</c>, with the worst case <c>z</c>: the lower end of the
/// true class and the upper ends of all others.
/// </summary>
/// <remarks>Source: Krukowski and others, arXiv 2405.15444; interval bound propagation: Gowal and others, arXiv 1810.12715.</remarks>
public static class IntervalLoss
{
    /// <summary>Computes the loss, a mean over samples.</summary>
    /// <param name="logits"><c>[B, K]</c></param>
    /// <param name="labels">Integers <c>[B]</c>.</param>
    /// <param name="kappa">How much the middle counts, from 0 to 1; the worst case counts the rest.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">A shape differs, or kappa lies outside.</exception>
    public static Tensor Loss(IntervalTensor logits, Tensor labels, double kappa)
    {
        if (!(kappa >= 0 && kappa <= 1))
        {
            throw new ArgumentException(FormattableString.Invariant($"IntervalLoss: kappa must be from 0 to 1; got {kappa}."), nameof(kappa));
        }
        Tensor middle = Ops.MultiplyScalar(Ops.CrossEntropy(logits.Middle, labels), (float)kappa);
        return Ops.Add(middle, Ops.MultiplyScalar(Ops.CrossEntropy(WorstCase(logits, labels), labels), (float)(1 - kappa)));
    }

    /// <summary>The logits within the interval that are worst for the true classes.</summary>
    /// <param name="logits"><c>[B, K]</c></param>
    /// <param name="labels">Integers <c>[B]</c>.</param>
    /// <returns><c>[B, K]</c></returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public static Tensor WorstCase(IntervalTensor logits, Tensor labels)
    {
        if (logits.Lower.Rank != 2 || logits.Upper.Shape != logits.Lower.Shape || labels.Rank != 1 || labels.Shape[0] != logits.Lower.Shape[0])
        {
            throw new ArgumentException(
                $"IntervalLoss: the logits must be [samples, classes] with a label per sample; got {logits.Lower.Shape}, {logits.Upper.Shape} and {labels.Shape}.", nameof(logits));
        }
        return Ops.Where(Ops.OneHot(labels, logits.Lower.Shape[1]), logits.Lower, logits.Upper);
    }
}
