namespace HyperKernels;

/// <summary>A gradient that is not formed yet: a product <c>left^T right</c>, parts, or the sum of both.</summary>
internal sealed class DeferredGradient
{
    /// <summary>The left factor <c>[room, M]</c> or <c>[G, room, M]</c>, of which the first <see cref="Depth"/> rows count.</summary>
    public Tensor Left { get; init; }

    /// <summary>The right factor <c>[room, N]</c> or <c>[G, room, N]</c>.</summary>
    public Tensor Right { get; init; }

    /// <summary>K: the rows of the factors that are filled.</summary>
    public int Depth { get; set; }

    /// <summary>Whether the factors have room for those of further uses.</summary>
    public bool IsOpen { get; set; }

    /// <summary>What the product would have been computed with.</summary>
    public MatmulPrecision Precision { get; init; }

    /// <summary>Gradients of ranges of the tensor's elements; they do not overlap.</summary>
    public List<GradientPart>? Parts { get; set; }

    public bool HasFactors => !Left.IsNone;

    /// <summary>The filled rows of a factor.</summary>
    public Tensor Rows(Tensor factor) => factor.Shape[-2] == Depth ? factor : factor.View(factor.Shape.With(-2, Depth), 0, factor.RowStride);

    /// <summary>The same factors without parts.</summary>
    public DeferredGradient FactorsAlone() => new() { Left = Left, Right = Right, Depth = Depth, Precision = Precision };
}
