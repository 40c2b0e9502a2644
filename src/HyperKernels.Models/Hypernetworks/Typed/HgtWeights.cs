namespace HyperKernels.Models;

/// <summary>
/// What <see cref="GeneratedHgtConv"/> generates for the types of a graph. It serves any number of passes while the generators and descriptions stay as they are.
/// </summary>
/// <param name="KeyQueryValue">The first map of each type: weights <c>[T, 3 O, I]</c> and biases.</param>
/// <param name="Output">The last map of each type: weights <c>[T, O, O]</c> and biases.</param>
/// <param name="Key">What a relation makes of keys: weights <c>[R, D, D]</c> and biases, D the size of a head.</param>
/// <param name="Value">What a relation makes of values, likewise.</param>
/// <param name="Priority">A factor of the scores of each relation and head, <c>[R, heads]</c>.</param>
/// <param name="Skip">The share of what is new in each type's nodes, <c>[T, 1]</c>.</param>
public sealed record HgtWeights(
    (Tensor Weight, Tensor Bias) KeyQueryValue,
    (Tensor Weight, Tensor Bias) Output,
    (Tensor Weight, Tensor Bias) Key,
    (Tensor Weight, Tensor Bias) Value,
    Tensor Priority,
    Tensor Skip);
