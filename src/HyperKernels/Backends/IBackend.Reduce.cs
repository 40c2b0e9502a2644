namespace HyperKernels.Backends;

/// <summary>What is gathered up along an axis.</summary>
internal enum ReduceOp
{
    /// <summary><c>sum x</c>; 0 of nothing.</summary>
    Sum,

    /// <summary><c>sum |x|</c></summary>
    SumAbs,

    /// <summary><c>sum x^2</c></summary>
    SumSquares,

    /// <summary><c>sum (x - center)^2</c></summary>
    SumSquaredDeviations,

    /// <summary><c>sum e^(x - center)</c></summary>
    SumExp,

    /// <summary>The largest; NaN if there is one.</summary>
    Max,

    /// <summary>The smallest; NaN if there is one.</summary>
    Min,
}

/// <summary>Reductions along an axis.</summary>
internal interface IReduceBackend
{
    /// <summary>
    /// y [outer, inner] = scale * op over the middle axis of x [outer, axis, inner]. Sums are formed in pieces of fixed size, so that
    /// rounding errors grow with the logarithm of the axis.
    /// </summary>
    /// <param name="op">Which reduction.</param>
    /// <param name="outer">Size before the axis.</param>
    /// <param name="axis">Size that is reduced.</param>
    /// <param name="inner">Size behind the axis.</param>
    /// <param name="x">Dense.</param>
    /// <param name="center">[outer, inner] for the ops that have a center; else absent.</param>
    /// <param name="scale">Multiplies the result.</param>
    /// <param name="y">Dense.</param>
    void Reduce(ReduceOp op, int outer, int axis, int inner, BufferRef x, BufferRef? center, float scale, BufferRef y);

    /// <summary>y [outer, inner] (integers) = position of the first largest (or smallest) along the middle axis; NaN counts as beyond all.</summary>
    void ArgReduce(bool largest, int outer, int axis, int inner, BufferRef x, BufferRef y);
}
