namespace HyperKernels.Models;

/// <summary>What graph hypernetworks do to the tensors that a decoder makes before a network uses them: fit their size, then their magnitude.</summary>
/// <remarks>
/// Source: Knyazev and others, NeurIPS 2021 (arXiv 2110.13100), section 3.2, and their code, facebookresearch/ppuda: there axes beyond the channels
/// are only cut; here a larger kernel is tiled too.
/// </remarks>
public static class PredictedTensors
{
    // Kernels of one output and this height or more are encodings of positions.
    private const int PositionHeight = 11;

    /// <summary>Cuts a tensor along axes where it is too large and repeats it along those where it is too small.</summary>
    /// <param name="tensor">As many axes as the target or more, of which further ones are taken at their first place.</param>
    /// <param name="target">The wanted axes.</param>
    /// <exception cref="ArgumentException">The tensor has fewer axes than the target.</exception>
    public static Tensor Tile(Tensor tensor, Shape target)
    {
        if (tensor.Rank < target.Rank)
        {
            throw new ArgumentException($"PredictedTensors.Tile: the tensor must have the {target.Rank} axes of {target} or more; it is {tensor.Shape}.", nameof(tensor));
        }
        Tensor x = tensor;
        while (x.Rank > target.Rank)
        {
            x = Ops.Reshape(Ops.Slice(x, -1, 0, 1), x.Shape.Remove(x.Rank - 1));
        }
        Span<int> repeats = stackalloc int[target.Rank];
        bool repeated = false;
        for (int axis = 0; axis < target.Rank; axis++)
        {
            if (x.Shape[axis] > target[axis])
            {
                x = Ops.Slice(x, axis, 0, target[axis]);
            }
            repeats[axis] = ((target[axis] - 1) / x.Shape[axis]) + 1;
            repeated |= repeats[axis] > 1;
        }
        x = repeated ? Ops.Tile(x, repeats) : x;
        for (int axis = 0; axis < target.Rank; axis++)
        {
            x = x.Shape[axis] > target[axis] ? Ops.Slice(x, axis, 0, target[axis]) : x;
        }
        return x;
    }

    /// <summary>
    /// What a predicted weight is multiplied by: <c>sqrt(beta / fan in)</c> with beta 2, or 1 for kernels that no ReLU follows, which are those of one
    /// input channel (depthwise ones) and those wider than high; 1 for encodings of positions.
    /// </summary>
    /// <param name="shape">Two or more axes, outputs first.</param>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public static float FanInScale(Shape shape)
    {
        if (shape.Rank < 2)
        {
            throw new ArgumentException($"PredictedTensors.FanInScale: a weight has two axes or more; got {shape}.", nameof(shape));
        }
        if (shape.Rank > 2 && shape[0] == 1 && shape[2] >= PositionHeight)
        {
            return 1;
        }
        bool noRelu = shape.Rank > 2 && (shape[1] == 1 || (shape.Rank > 3 && shape[2] < shape[3]));
        return MathF.Sqrt((noRelu ? 1f : 2f) / shape.RowCount);
    }

    /// <summary>A norm's gain from what was predicted: <c>2 sigmoid(p / 2)</c>, between 0 and 2.</summary>
    public static Tensor Gain(Tensor predicted) => Ops.MultiplyScalar(Ops.Sigmoid(Ops.MultiplyScalar(predicted, 0.5f)), 2);

    /// <summary>A bias from what was predicted: <c>tanh(0.2 p)</c>, between -1 and 1.</summary>
    public static Tensor Bias(Tensor predicted) => Ops.Tanh(Ops.MultiplyScalar(predicted, 0.2f));
}
