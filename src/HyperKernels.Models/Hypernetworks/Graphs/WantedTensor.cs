namespace HyperKernels.Models;

/// <summary>One tensor that a <see cref="GraphDecoder"/> is asked for.</summary>
/// <param name="Node">The row of the node that it is made from.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Shape">Its axes in the network.</param>
/// <param name="Operation">The node's operation.</param>
public readonly record struct WantedTensor(int Node, WantedKind Kind, Shape Shape, GraphOperation Operation)
{
    /// <summary>Whether it is decoded as a vector.</summary>
    public bool IsVector => Kind is WantedKind.Gain or WantedKind.Bias or WantedKind.ClassBias;

    /// <summary>What it is multiplied by where weights are normalised; see <see cref="PredictedTensors.FanInScale"/>. Tables are not.</summary>
    public float Scale => Kind is WantedKind.Table || IsVector ? 1 : PredictedTensors.FanInScale(Shape);

    /// <summary>Its axes as a kernel: outputs, inputs, height, width.</summary>
    public Shape Kernel => new(ShapeEmbedding.FourAxes(Shape, Operation));
}

/// <summary>What a predicted tensor is for.</summary>
public enum WantedKind
{
    /// <summary>A matrix or kernels.</summary>
    Weight,

    /// <summary>The matrix of the last layer, whose outputs are the classes that the hypernetwork was made for.</summary>
    ClassWeight,

    /// <summary>Rows that are looked up, or encodings of positions.</summary>
    Table,

    /// <summary>A norm's gain.</summary>
    Gain,

    /// <summary>A bias.</summary>
    Bias,

    /// <summary>The bias of the last layer.</summary>
    ClassBias,
}
