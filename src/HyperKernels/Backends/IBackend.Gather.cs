namespace HyperKernels.Backends;

/// <summary>Rows and elements by index.</summary>
internal interface IGatherBackend
{
    /// <summary>y [count, length] = the rows of x named by the indices; rows of x are rowStride apart, those of y are dense. Any 32-bit elements.</summary>
    void GatherRows(BufferRef x, long rowStride, BufferRef indices, int count, int length, BufferRef y);

    /// <summary>
    /// y [rows, length] = for each row the sum of those rows of x [count, length] whose index names it, in an order that the indices alone decide; zero
    /// where none does. Dense.
    /// </summary>
    void ScatterAddRows(BufferRef x, BufferRef indices, int count, int length, int rows, BufferRef y);

    /// <summary>
    /// y [outer, count, inner] = x [outer, axis, inner] at axis position indices [outer, count, inner]. The adjoint: x = 0, plus y at those
    /// positions. Dense.
    /// </summary>
    void TakeAlong(bool adjoint, int outer, int axis, int count, int inner, BufferRef x, BufferRef indices, BufferRef y);

    /// <summary>
    /// y [rows, count] (integers) = positions of the largest of each row of x [rows, length], largest first, the lower position first among equals;
    /// NaN counts as largest.
    /// </summary>
    void TopK(int rows, int length, int count, BufferRef x, BufferRef y);
}
