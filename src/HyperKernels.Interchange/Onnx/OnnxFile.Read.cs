using HyperKernels.Layers;

namespace HyperKernels.Interchange;

public static partial class OnnxFile
{
    /// <summary>Reads a feed-forward or convolutional network, for example as a hypernetwork's target.</summary>
    /// <param name="path">The file; its constants stand in it, not beside it.</param>
    /// <returns>
    /// The network with the model's weights, not training (<see cref="Layer.Eval"/>). What weights a node has are the parameters of a layer of its
    /// own; the model's first axis is the batch.
    /// </returns>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, or has what is not read; the message names path, byte, and the node with its operator. Memory is taken in proportion to the file.
    /// </exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <remarks>
    /// Read are one input, one output and any graph between them of: Gemm, MatMul, Conv over one or two axes, Gather in tables, MaxPool, AveragePool,
    /// GlobalAveragePool, GlobalMaxPool, BatchNormalization, LayerNormalization, Relu, LeakyRelu, Elu, Tanh, Sigmoid, Softplus, Gelu, Softmax,
    /// LogSoftmax, Clip, Add, Sub, Mul, Div, Pow, Min, Max, Neg, Abs, Exp, Log, Sqrt, Reciprocal, Sin, Cos, Erf, ReduceMean, ReduceSum, Flatten,
    /// Reshape, Squeeze, Unsqueeze, Transpose, Concat, Constant, Identity, Dropout. Half precision and doubles become float32.
    /// </remarks>
    public static OnnxNetwork Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        LayerTypes.Register<OnnxNetwork>();
        return OnnxImport.Read(path);
    }
}
