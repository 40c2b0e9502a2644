namespace HyperKernels.Interchange;

/// <summary>What a step of an <see cref="OnnxNetwork"/> does; names are those of the operators.</summary>
internal enum OnnxOp
{
    /// <summary>A layer of the network.</summary>
    Layer,

    /// <summary>Values of the network that are not trained.</summary>
    Constant,
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    MatMul,
    Min,
    Max,
    Concat,
    Softmax,
    LogSoftmax,
    Reshape,
    Flatten,
    Squeeze,
    Unsqueeze,
    Transpose,
    ReduceMean,
    ReduceSum,
    Clip,
    Neg,
    Abs,
    Exp,
    Log,
    Sqrt,
    Reciprocal,
    Sin,
    Cos,
    Erf,
    GlobalMaxPool,
}
