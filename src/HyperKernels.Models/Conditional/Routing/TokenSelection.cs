namespace HyperKernels.Models;

/// <summary>Which tokens of each sample are chosen, and what they count.</summary>
/// <param name="Shares">Of all tokens, from 0 to 1, <c>[B, S]</c>.</param>
/// <param name="Chosen"><c>[B, k]</c> integers: the places of the chosen tokens in their sample, in ascending order.</param>
/// <param name="Rows"><c>[B, k]</c> integers: the same as rows of <c>[B S, D]</c>.</param>
/// <param name="Factors">What the chosen tokens count, <c>[B, k]</c>.</param>
public sealed record TokenSelection(Tensor Shares, Tensor Chosen, Tensor Rows, Tensor Factors)
{
    /// <summary>Takes the chosen tokens out.</summary>
    /// <param name="tokens"><c>[B, S, D]</c></param>
    /// <returns><c>[B, k, D]</c></returns>
    public Tensor Gather(Tensor tokens) => Ops.GatherRows(Ops.Reshape(tokens, -1, tokens.Shape[2]), Rows);

    /// <summary>Puts what was computed of the chosen tokens back to their places, times their factors.</summary>
    /// <param name="computed"><c>[B, k, O]</c></param>
    /// <returns><c>[B, S, O]</c>, zero for tokens that were not chosen.</returns>
    public Tensor Scatter(Tensor computed)
    {
        Tensor weighed = Ops.Multiply(computed, Ops.Reshape(Factors, Factors.Shape[0], -1, 1));
        return Ops.Reshape(Ops.ScatterAddRows(weighed, Rows, (int)Shares.Count), Shares.Shape[0], -1, computed.Shape[2]);
    }
}
