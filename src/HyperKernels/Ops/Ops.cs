using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>
/// Every operation of the engine: checks its arguments, allocates its result in the current <see cref="MemoryScope"/>, computes on the
/// device of its inputs, and is recorded by the current <see cref="Tape"/> if a parameter or watched tensor took part.
/// </summary>
public static partial class Ops
{
    /// <summary>The same values, cut off from the tape: no gradient flows through.</summary>
    /// <returns>A view, no copy.</returns>
    public static Tensor Detach(Tensor x) => x.View(x.Shape, 0, x.RowStride);

    /// <summary>A float result on the device of an input, contents undefined.</summary>
    internal static Tensor New(Tensor like, in Shape shape) => Tensor.New(like.Device, shape, ElementType.Float32);

    /// <summary>Records an op with one output, if a tape records and one of the inputs leads to a parameter or watched tensor.</summary>
    /// <returns>The output.</returns>
    internal static Tensor Record<TSaved>(Tensor output, ReadOnlySpan<Tensor> inputs, in TSaved saved, GradientRule<TSaved> rule)
    {
        if (Tape.Recording is { } tape && AnyTracked(tape, inputs))
        {
            tape.Record([output], inputs, saved, rule);
        }
        return output;
    }

    /// <summary>Records an op with several outputs.</summary>
    internal static void Record<TSaved>(ReadOnlySpan<Tensor> outputs, ReadOnlySpan<Tensor> inputs, in TSaved saved, GradientRule<TSaved> rule)
    {
        if (Tape.Recording is { } tape && AnyTracked(tape, inputs))
        {
            tape.Record(outputs, inputs, saved, rule);
        }
    }

    /// <summary>Tells the tape that outputs just recorded are views of ranges of their only input: same elements, in the same order.</summary>
    private static void MarkViews(Tensor input, ReadOnlySpan<Tensor> outputs)
    {
        if (outputs.Length > 0 && Tape.Recording is { } tape && tape.Tracks(input))
        {
            tape.MarkViews(input, outputs);
        }
    }

    /// <summary>The tensor itself if its rows follow each other without gaps, else a dense copy (not recorded: the op that asks is).</summary>
    internal static Tensor Dense(Tensor x) => x.IsDense ? x : Copy(x);

    /// <summary>Where the dense form of an operand begins that may be absent.</summary>
    internal static BufferRef? DenseRef(Tensor? x) => x is { } given ? Dense(given).Ref : null;

    /// <summary>A dense copy, not recorded.</summary>
    internal static Tensor Copy(Tensor x)
    {
        Tensor copy = Tensor.New(x.Device, x.Shape, x.ElementType);
        copy.Node.MinIndex = x.Node.MinIndex;
        copy.Node.MaxIndex = x.Node.MaxIndex;
        int row = Size.Of(x.Shape.RowCount);
        Broadcast sizes = default;
        sizes.Append(x.Shape[0], x.RowStride, row, 0);
        sizes.Append(row, 1, 1, 0);
        sizes.Finish();
        x.Device.Backend.Copy(sizes, x.Ref, copy.Ref);
        return copy;
    }

    /// <summary>Checks that both tensors hold floats and are on one device.</summary>
    internal static void CheckFloats(string op, Tensor a, Tensor b)
    {
        CheckFloat(op, a);
        CheckFloat(op, b);
        CheckDevices(op, a, b);
    }

    internal static void CheckDevices(string op, Tensor a, Tensor b)
    {
        if (!ReferenceEquals(a.Device, b.Device))
        {
            Throw.Argument($"{op}: both tensors must be on one device; got {a.Description} and {b.Description}. Use To(device).");
        }
    }

    internal static void CheckFloat(string op, Tensor x)
    {
        if (x.ElementType != ElementType.Float32)
        {
            // Tensor.From([1, 3]) makes integers: the likely mistake.
            Throw.Argument($"{op}: floats are needed; got {x.Description}. Make floats with Tensor.From([1f, 2f]): whole numbers without the f make an integer tensor.");
        }
    }

    private static bool AnyTracked(Tape tape, ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
        {
            if (tape.Tracks(input))
            {
                return true;
            }
        }
        return false;
    }
}
