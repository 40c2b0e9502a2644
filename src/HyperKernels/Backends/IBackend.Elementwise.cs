namespace HyperKernels.Backends;

/// <summary>Elementwise functions of one value; p and q are the op's numbers, where it has some.</summary>
internal enum UnaryOp
{
    Neg,
    Abs,
    Sign,
    Exp,
    Log,
    Sqrt,
    Rsqrt,
    Square,
    Reciprocal,
    Sin,
    Cos,
    Tanh,
    Sigmoid,
    Softplus,
    Relu,
    LeakyRelu,
    Elu,
    Gelu,
    GeluTanh,
    Silu,
    Erf,
    Step,
    Clamp,
    AddScalar,
    MultiplyScalar,
    PowerScalar,
    Sine,
}

/// <summary>Elementwise functions of two values. Comparisons give 1 or 0.</summary>
internal enum BinaryOp
{
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Minimum,
    Maximum,
    Less,
    LessOrEqual,
}

/// <summary>Elementwise functions of three values.</summary>
internal enum TernaryOp
{
    /// <summary>b where a is not zero, else c.</summary>
    Where,

    /// <summary>a b + c, rounded once where the device has the instruction.</summary>
    MultiplyAdd,
}

/// <summary>One value at a time.</summary>
internal interface IElementwiseBackend
{
    /// <summary>y = op(x; p, q), x read through StrideA. y is dense and may be x itself where that is dense too.</summary>
    void Unary(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, float p, float q);

    /// <summary>
    /// dx = gradient * op'(x), in one pass. x, y = op(x) and the gradient are read through StrideA, StrideB and StrideC, so that a rule
    /// may use whichever gives the derivative with less work. dx is dense.
    /// </summary>
    void UnaryGradient(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, BufferRef gradient, BufferRef dx, float p, float q);

    /// <summary>y = op(a, b), each operand read through its strides. y is dense and may be a or b itself where that is dense too.</summary>
    void Binary(BinaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y);

    /// <summary>y = op(a, b, c), each operand read through its strides. y is dense and may be an operand where that is dense too.</summary>
    void Ternary(TernaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef c, BufferRef y);
}
