namespace HyperKernels.Backends;

/// <summary>Elementwise functions of two values.</summary>
internal enum BinaryOp
{
    Add,
    Subtract,
    Multiply,
    Divide,
}

internal partial interface IBackend
{
    /// <summary>y = op(a, b), each operand read through its strides. y is dense and may be a or b itself where that is dense too.</summary>
    void Binary(BinaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y);
}
