namespace HyperKernels.Models;

/// <summary>
/// Draws whole groups of weights to zero, small ones most: <c>strength / 2 sum_g s_g |w_g|^2</c>, <c>s_g = alpha^((max - |w_g|) / (max - min))</c>, with the
/// scales held constant,
/// so that the gradient is <c>strength s_g w</c>. A group is what is pruned together: the rows of a channel in all weights that would lose them.
/// </summary>
/// <remarks>
/// MetaPruning adds that gradient to a changed network's weights and pushes it back through the metanetwork; as a term of the loss it is the same. The scales
/// are those of the pruner that the
/// authors use, VainF/Torch-Pruning, recalled and not verified against its code; defaults are the authors'.
/// </remarks>
public sealed class GroupSparsity
{
    /// <summary>Makes the regulariser.</summary>
    /// <param name="strength">The factor of all groups.</param>
    /// <param name="alpha">How many times more the smallest group shrinks than the largest; at least 1.</param>
    /// <exception cref="ArgumentException">The strength is negative, or alpha less than 1.</exception>
    public GroupSparsity(float strength = 10, float alpha = 16)
    {
        if (!(strength >= 0) || !(alpha >= 1) || !float.IsFinite(strength) || !float.IsFinite(alpha))
        {
            throw new ArgumentException($"GroupSparsity: strength must be at least 0 and alpha at least 1; got {strength} and {alpha}.");
        }
        Strength = strength;
        Alpha = alpha;
    }

    /// <summary>The factor of all groups.</summary>
    public float Strength { get; }

    /// <summary>How many times more the smallest group shrinks than the largest.</summary>
    public float Alpha { get; }

    /// <summary>The scales of groups, from their size.</summary>
    /// <param name="groups">Weights with an axis of groups first, each <c>[G, ...]</c>, which lose rows together.</param>
    /// <returns><c>[G]</c>, from 1 to alpha; ones where all groups are equal. Without a gradient.</returns>
    /// <exception cref="ArgumentException">There is none, or they have different numbers of groups.</exception>
    public Tensor Scales(params ReadOnlySpan<Tensor> groups)
    {
        float[] norms = Array.ConvertAll(SquaredNorms(groups).ToArray(), MathF.Sqrt);
        (float least, float most) = (norms.Min(), norms.Max());
        float[] scales = Array.ConvertAll(norms, norm => most > least ? MathF.Pow(Alpha, (most - norm) / (most - least)) : 1);
        return Tensor.From(scales, [scales.Length], groups[0].Device);
    }

    /// <summary>The loss of groups.</summary>
    /// <param name="scales"><c>[G]</c>, as <see cref="Scales"/> gives them.</param>
    /// <param name="groups">Weights with an axis of groups first, each <c>[G, ...]</c>, which lose rows together.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">There is none, or the numbers of groups differ.</exception>
    public Tensor Loss(Tensor scales, params ReadOnlySpan<Tensor> groups)
    {
        Tensor norms = SquaredNorms(groups);
        if (scales.Shape != norms.Shape)
        {
            throw new ArgumentException($"GroupSparsity: there must be a scale per group, {norms.Shape}; got {scales.Shape}.", nameof(scales));
        }
        return Ops.MultiplyScalar(Ops.Sum(Ops.Multiply(norms, scales)), Strength / 2);
    }

    private static Tensor SquaredNorms(ReadOnlySpan<Tensor> groups)
    {
        if (groups.IsEmpty || groups[0].Rank == 0)
        {
            throw new ArgumentException("GroupSparsity: at least one weight with an axis of groups is needed.", nameof(groups));
        }
        Tensor total = Tensor.Zeros([groups[0].Shape[0]], groups[0].Device);
        foreach (Tensor group in groups)
        {
            if (group.Rank == 0 || group.Shape[0] != total.Shape[0])
            {
                throw new ArgumentException($"GroupSparsity: all weights must have {total.Shape[0]} groups first; one is {group.Shape}.", nameof(groups));
            }
            total = Ops.Add(total, Ops.Sum(Ops.Square(Ops.Reshape(group, group.Shape[0], -1)), [1]));
        }
        return total;
    }
}
