namespace HyperKernels.Interchange;

/// <summary>One step of an <see cref="OnnxNetwork"/>.</summary>
/// <param name="Op">What it does.</param>
/// <param name="Name">The name of its layer or constant, else of its node.</param>
/// <param name="Inputs">Which values it takes: 0 is the network's input, i + 1 what step i gave.</param>
/// <param name="Ints">Axes or sizes; of a constant its shape.</param>
/// <param name="Floats">Of a Clip the bounds.</param>
internal sealed record OnnxStep(OnnxOp Op, string Name, int[] Inputs, int[] Ints, float[] Floats)
{
    /// <summary>Refuses what <see cref="Run"/> could not do, whatever the tensors are.</summary>
    public void Check(int number)
    {
        (int least, int most) = Op switch
        {
            OnnxOp.Constant => (0, 0),
            OnnxOp.Add or OnnxOp.Sub or OnnxOp.Mul or OnnxOp.Div or OnnxOp.Pow or OnnxOp.MatMul or OnnxOp.Min or OnnxOp.Max => (2, 2),
            OnnxOp.Concat => (1, int.MaxValue),
            _ => (1, 1),
        };
        int ints = Op switch
        {
            OnnxOp.Concat or OnnxOp.Softmax or OnnxOp.LogSoftmax or OnnxOp.Reshape or OnnxOp.Flatten or OnnxOp.ReduceMean or OnnxOp.ReduceSum => 1,
            _ => 0,
        };
        bool fits = Inputs.Length >= least && Inputs.Length <= most && Array.TrueForAll(Inputs, input => input >= 0 && input <= number)
            && Ints.Length >= ints && Floats.Length >= (Op == OnnxOp.Clip ? 2 : 0);
        if (!fits)
        {
            throw new FormatException($"step {number}, {Op} \"{Name}\", has not the inputs and numbers that it needs.");
        }
    }

    /// <summary>Computes the step, unless it is a layer or a constant.</summary>
    public Tensor Run(ReadOnlySpan<Tensor> values)
    {
        Tensor x = values[Inputs[0]];
        return Op switch
        {
            OnnxOp.Add => Ops.Add(x, values[Inputs[1]]),
            OnnxOp.Sub => Ops.Subtract(x, values[Inputs[1]]),
            OnnxOp.Mul => Ops.Multiply(x, values[Inputs[1]]),
            OnnxOp.Div => Ops.Divide(x, values[Inputs[1]]),
            OnnxOp.Pow => Ops.Power(x, values[Inputs[1]]),
            OnnxOp.MatMul => Ops.Matmul(x, values[Inputs[1]]),
            OnnxOp.Min => Ops.Minimum(x, values[Inputs[1]]),
            OnnxOp.Max => Ops.Maximum(x, values[Inputs[1]]),
            OnnxOp.Concat => Ops.Concatenate(x.Shape.Axis(Ints[0]), Pick(values)),
            OnnxOp.Softmax => Ops.Softmax(x, SoftmaxAxis(x)),
            OnnxOp.LogSoftmax => Ops.LogSoftmax(x, SoftmaxAxis(x)),
            OnnxOp.Reshape => Ops.Reshape(x, Reshaped(x)),
            OnnxOp.Flatten => Ops.Reshape(x, Size(x.Shape.AsSpan()[..FlattenAxis(x)]), -1),
            OnnxOp.Squeeze => Ops.Reshape(x, Squeezed(x)),
            OnnxOp.Unsqueeze => Ops.Reshape(x, Unsqueezed(x)),
            OnnxOp.Transpose => Ops.Permute(x, Ints.Length > 0 ? Ints : [.. Enumerable.Range(0, x.Rank).Reverse()]),
            OnnxOp.ReduceMean => Ops.Mean(x, Axes(x), Ints[0] != 0),
            OnnxOp.ReduceSum => Ops.Sum(x, Axes(x), Ints[0] != 0),
            OnnxOp.Clip => Ops.Clamp(x, Floats[0], Floats[1]),
            OnnxOp.Neg => Ops.Neg(x),
            OnnxOp.Abs => Ops.Abs(x),
            OnnxOp.Exp => Ops.Exp(x),
            OnnxOp.Log => Ops.Log(x),
            OnnxOp.Sqrt => Ops.Sqrt(x),
            OnnxOp.Reciprocal => Ops.Reciprocal(x),
            OnnxOp.Sin => Ops.Sin(x),
            OnnxOp.Cos => Ops.Cos(x),
            OnnxOp.Erf => Ops.Erf(x),
            _ => Ops.AdaptiveMaxPool2d(x, 1, 1),
        };
    }

    // Before version 13 axes from the given one on were one: where that is the last one, both mean the same.
    private int SoftmaxAxis(Tensor x)
    {
        int axis = x.Shape.Axis(Ints[0]);
        return Ints.Length == 1 || axis == x.Rank - 1
            ? axis
            : throw new ArgumentException(
                $"OnnxNetwork: {Op} \"{Name}\" of operator set {Ints[1]} is over axis {axis} and all behind it, which is not computed; the input is {x.Shape}.");
    }

    private Tensor[] Pick(ReadOnlySpan<Tensor> values)
    {
        Tensor[] picked = new Tensor[Inputs.Length];
        for (int i = 0; i < picked.Length; i++)
        {
            picked[i] = values[Inputs[i]];
        }
        return picked;
    }

    // 0 keeps the axis that stands in its place.
    private int[] Reshaped(Tensor x)
    {
        int[] sizes = [.. Ints];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = sizes[i] == 0 && i < x.Rank ? x.Shape[i] : sizes[i];
        }
        return sizes;
    }

    private int FlattenAxis(Tensor x) => Ints[0] == x.Rank ? x.Rank : x.Shape.Axis(Ints[0]);

    private static int Size(ReadOnlySpan<int> sizes)
    {
        int size = 1;
        foreach (int one in sizes)
        {
            size = checked(size * one);
        }
        return size;
    }

    private int[] Squeezed(Tensor x)
    {
        Shape shape = x.Shape;
        HashSet<int> axes = [.. Ints.Select(axis => shape.Axis(axis))];
        return [.. Enumerable.Range(0, x.Rank).Where(axis => Ints.Length == 0 ? shape[axis] != 1 : !axes.Contains(axis)).Select(axis => shape[axis])];
    }

    private int[] Unsqueezed(Tensor x)
    {
        int rank = x.Rank + Ints.Length;
        List<int> sizes = [.. x.Shape.AsSpan()];
        foreach (int axis in Ints.Select(axis => axis < 0 ? axis + rank : axis).Order())
        {
            sizes.Insert(axis, 1);
        }
        return [.. sizes];
    }

    // Behind the mark for kept axes; none means all.
    private int[] Axes(Tensor x)
    {
        Shape shape = x.Shape;
        return Ints.Length > 1 ? [.. Ints.Skip(1).Select(axis => shape.Axis(axis))] : [.. Enumerable.Range(0, x.Rank)];
    }
}
