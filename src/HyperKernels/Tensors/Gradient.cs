namespace HyperKernels;

/// <summary>
/// The gradient of a tensor, as a backward pass left it: its values, two factors whose product it is, parts that are either, or the sum
/// of such. Factors and parts are formed only where somebody needs values: an optimiser uses them up tile by tile.
/// </summary>
/// <remarks>Belongs to the tape that gave it and is disposed with it.</remarks>
public readonly struct Gradient
{
    internal Gradient(Tensor values, DeferredGradient? deferred = null)
    {
        Values = values;
        Deferred = deferred;
    }

    /// <summary>Whether there is none.</summary>
    public bool IsNone => Values.IsNone && Deferred is null;

    /// <summary>Whether its values stand in one tensor.</summary>
    public bool IsDense => !Values.IsNone && Deferred is null;

    /// <summary>Whether it is the product of two factors and nothing else.</summary>
    public bool IsProduct => Values.IsNone && Deferred is { Parts: null };

    /// <summary>Values, shaped as the tensor, or of a part in any shape; empty if there are none. Not all there is unless <see cref="IsDense"/>.</summary>
    public Tensor Values { get; }

    /// <summary>What is to be added to the values, not formed yet; null if there is nothing.</summary>
    internal DeferredGradient? Deferred { get; }

    /// <summary>The factors of a gradient that is one product: <c>left^T right</c>, left <c>[K, M]</c> and right <c>[K, N]</c>.</summary>
    /// <returns>False if it is none; it then has values, or parts.</returns>
    /// <remarks>M N values from K (M + N): the smaller form to send to another process.</remarks>
    public bool TryGetFactors(out Tensor left, out Tensor right)
    {
        (left, right) = IsProduct && Deferred!.Left.Rank == 2 ? (Deferred.Rows(Deferred.Left), Deferred.Rows(Deferred.Right)) : default;
        return !left.IsNone;
    }

    /// <summary>The parts of a gradient that consists of parts alone.</summary>
    /// <param name="count">The elements of the tensor, all of which they must cover.</param>
    /// <param name="parts">Each values or factors; empty if the answer is no.</param>
    public bool TryGetParts(long count, out IReadOnlyList<GradientPart> parts)
    {
        bool isCovered = IsCoveredByParts(count);
        parts = isCovered ? Deferred!.Parts! : [];
        return isCovered;
    }

    /// <summary>Whether parts are all there is and they cover every element of a tensor.</summary>
    internal bool IsCoveredByParts(long count)
    {
        if (!Values.IsNone || Deferred is not { Parts: { } parts, HasFactors: false })
        {
            return false;
        }
        foreach (GradientPart part in parts)
        {
            count -= part.Count;
        }
        return count == 0;
    }
}
