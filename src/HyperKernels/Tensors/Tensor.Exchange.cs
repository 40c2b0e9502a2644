using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HyperKernels.Backends;

namespace HyperKernels;

// How values get into tensors and out of them.
public readonly partial struct Tensor
{
    /// <summary>Copies values to a device (the default device unless told otherwise).</summary>
    /// <param name="values">One value per element, row-major.</param>
    /// <param name="shape">The axes; their product must be the number of values.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">The number of values is not that of the shape.</exception>
    public static Tensor From(ReadOnlySpan<float> values, Shape shape, Device? device = null)
    {
        CheckCount("Tensor.From", values.Length, shape);
        Tensor result = New(device ?? Device.Default, shape, ElementType.Float32);
        result.Device.Backend.Upload(MemoryMarshal.AsBytes(values), result.Ref);
        return result;
    }

    /// <summary>Copies values to a device as a vector.</summary>
    public static Tensor From(ReadOnlySpan<float> values) => From(values, [values.Length]);

    /// <summary>Copies integers to a device; their bounds are noted, so that an op that uses them as positions checks in no time.</summary>
    /// <param name="values">One value per element, row-major.</param>
    /// <param name="shape">The axes; their product must be the number of values.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <param name="below">
    /// For a tensor that <see cref="CopyFrom(ReadOnlySpan{int})"/> is to change: all its values, now and later, are from 0 to below this
    /// (the number of classes, for labels). Without it, later values must lie between the present ones.
    /// </param>
    /// <exception cref="ArgumentException">The number of values is not that of the shape, or one of them is not below the bound.</exception>
    public static Tensor From(ReadOnlySpan<int> values, Shape shape, Device? device = null, int? below = null)
    {
        CheckCount("Tensor.From", values.Length, shape);
        if (below is { } bound)
        {
            CheckBounds("Tensor.From", values, 0, bound - 1);
        }
        Tensor result = New(device ?? Device.Default, shape, ElementType.Int32);
        result.Device.Backend.Upload(MemoryMarshal.AsBytes(values), result.Ref);
        if (below is { } declared)
        {
            (result.Node.MinIndex, result.Node.MaxIndex) = (0, declared - 1);
        }
        else
        {
            result.Node.NoteBounds(values);
        }
        return result;
    }

    /// <summary>Copies integers to a device as a vector.</summary>
    public static Tensor From(ReadOnlySpan<int> values) => From(values, [values.Length]);

    /// <summary>Copies a <c>System.Numerics.Tensors</c> span: one copy where its values are contiguous, else two.</summary>
    /// <param name="values">Any strides.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">More axes or larger ones than a <see cref="HyperKernels.Shape"/> can have.</exception>
    public static Tensor From(in ReadOnlyTensorSpan<float> values, Device? device = null)
    {
        if (values.Rank > Shape.MaxRank)
        {
            Throw.Argument($"Tensor.From: at most {Shape.MaxRank} axes; the span has {values.Rank}.");
        }
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        Span<nint> origin = stackalloc nint[Shape.MaxRank];
        for (int axis = 0; axis < values.Rank; axis++)
        {
            if (values.Lengths[axis] > int.MaxValue)
            {
                Throw.Argument($"Tensor.From: sizes must be below 2^31; axis {axis} is {values.Lengths[axis]}.");
            }
            sizes[axis] = (int)values.Lengths[axis];
            origin[axis] = 0;
        }
        Shape shape = new(sizes[..values.Rank]);
        if (shape.Count > Array.MaxLength)
        {
            Throw.Argument($"Tensor.From: at most {Array.MaxLength} values at once; the span has {shape}.");
        }
        if (shape.Count > 0 && values.TryGetSpan(origin[..values.Rank], (int)shape.Count, out ReadOnlySpan<float> contiguous))
        {
            return From(contiguous, shape, device);
        }
        float[] flat = new float[shape.Count];
        values.FlattenTo(flat);
        return From(flat, shape, device);
    }

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(Shape shape, Device? device = null) => Full(shape, 0, device);

    /// <summary>A tensor of ones.</summary>
    public static Tensor Ones(Shape shape, Device? device = null) => Full(shape, 1, device);

    /// <summary>A tensor of one value everywhere.</summary>
    public static Tensor Full(Shape shape, float value, Device? device = null)
    {
        Tensor result = New(device ?? Device.Default, shape, ElementType.Float32);
        result.Device.Backend.Fill(result.Ref, shape.Count, BitConverter.SingleToInt32Bits(value));
        return result;
    }

    /// <summary>The values, row-major. Waits for the device.</summary>
    /// <exception cref="ArgumentException">The tensor holds integers, or more values than an array can.</exception>
    public float[] ToArray()
    {
        float[] values = new float[ArrayLength("ToArray")];
        CopyTo(values);
        return values;
    }

    /// <summary>The integers, row-major. Waits for the device.</summary>
    /// <exception cref="ArgumentException">The tensor holds floats, or more values than an array can.</exception>
    public int[] ToIntArray()
    {
        int[] values = new int[ArrayLength("ToIntArray")];
        CopyTo(values);
        return values;
    }

    /// <summary>The only value of a tensor with one element. Waits for the device.</summary>
    /// <exception cref="ArgumentException">The tensor has another number of elements, or holds integers.</exception>
    public float ToScalar()
    {
        CheckType("ToScalar", ElementType.Float32);
        if (Count != 1)
        {
            Throw.Argument($"ToScalar: the tensor must have one element; it is {Shape}.");
        }
        Span<float> value = stackalloc float[1];
        CopyTo(value);
        return value[0];
    }

    /// <summary>Copies the values out, row-major. Waits for the device.</summary>
    /// <exception cref="ArgumentException">The span's length is not the number of elements, or the tensor holds integers.</exception>
    public void CopyTo(Span<float> destination)
    {
        CheckType("CopyTo", ElementType.Float32);
        Download(MemoryMarshal.AsBytes(destination), destination.Length);
    }

    /// <summary>Copies the integers out, row-major. Waits for the device.</summary>
    /// <exception cref="ArgumentException">The span's length is not the number of elements, or the tensor holds floats.</exception>
    public void CopyTo(Span<int> destination)
    {
        CheckType("CopyTo", ElementType.Int32);
        Download(MemoryMarshal.AsBytes(destination), destination.Length);
    }

    /// <summary>Overwrites the values in place, for example to load a checkpoint. Not recorded by tapes.</summary>
    /// <exception cref="ArgumentException">The number of values differs, or the tensor is a view with gaps or holds integers.</exception>
    public void CopyFrom(ReadOnlySpan<float> values)
    {
        CheckType("CopyFrom", ElementType.Float32);
        Overwrite(MemoryMarshal.AsBytes(values), values.Length);
    }

    /// <summary>Overwrites the integers in place. Views, and steps that were captured, rely on the bounds that this tensor was made with.</summary>
    /// <exception cref="ArgumentException">
    /// The number of values differs, the tensor is a view with gaps or holds floats, or a value is outside the bounds.
    /// </exception>
    [OverloadResolutionPriority(-1)] // CopyFrom([1, 2]) goes on meaning floats.
    public void CopyFrom(ReadOnlySpan<int> values)
    {
        CheckType("CopyFrom", ElementType.Int32);
        CheckBounds("CopyFrom", values, Node.MinIndex, Node.MaxIndex);
        Overwrite(MemoryMarshal.AsBytes(values), values.Length);
    }

    /// <summary>The values as a <c>System.Numerics.Tensors</c> tensor (one copy). Waits for the device.</summary>
    /// <exception cref="ArgumentException">The tensor holds integers.</exception>
    public System.Numerics.Tensors.Tensor<float> ToTensor()
    {
        Span<nint> lengths = stackalloc nint[Shape.MaxRank];
        return System.Numerics.Tensors.Tensor.Create(ToArray(), Lengths(lengths));
    }

    /// <summary>The processor's own memory behind this tensor, without a copy; valid until the tensor is disposed.</summary>
    /// <exception cref="ArgumentException">The tensor holds integers.</exception>
    /// <exception cref="InvalidOperationException">The tensor is on another device, or is a view with gaps.</exception>
    public Span<float> AsSpan()
    {
        CheckType("AsSpan", ElementType.Float32);
        if (!IsDense || !Device.Backend.TryGetSpan(Ref, Size.Of(Count), out Span<float> values))
        {
            Throw.InvalidOperation(
                $"AsSpan: the tensor must be without gaps between its rows, on the processor; it is {Description}{(IsDense ? "" : ", a view with gaps")}. Use ToArray.");
            return default;
        }
        return values;
    }

    /// <summary>The same as <see cref="AsSpan"/> with its axes, for <c>System.Numerics.Tensors</c>: no copy; valid until the tensor is disposed.</summary>
    /// <exception cref="ArgumentException">The tensor holds integers.</exception>
    /// <exception cref="InvalidOperationException">The tensor is on another device, or is a view with gaps.</exception>
    public TensorSpan<float> AsTensorSpan()
    {
        Span<nint> lengths = stackalloc nint[Shape.MaxRank];
        return new TensorSpan<float>(AsSpan(), Lengths(lengths));
    }

    /// <summary>This tensor on another device; the same handle if it is there already. A copy is not recorded by tapes.</summary>
    public Tensor To(Device device)
    {
        if (ReferenceEquals(device, Device))
        {
            return this;
        }
        return ElementType == ElementType.Float32 ? From(ToArray(), Shape, device) : From(ToIntArray(), Shape, device);
    }

    /// <summary>The bits of some elements, by their row-major places: all in one copy where they are all there are.</summary>
    internal int[] BitsAt(IReadOnlyList<long> places)
    {
        int[] bits = new int[places.Count];
        if (bits.Length == Count)
        {
            Download(MemoryMarshal.AsBytes(bits.AsSpan()), bits.Length);
            return bits;
        }
        BufferRef start = Ref;
        long row = Math.Max(1, Shape.RowCount);
        for (int i = 0; i < bits.Length; i++)
        {
            (long index, long rest) = Math.DivRem(places[i], row);
            Device.Backend.Download(new BufferRef(start.Buffer, start.Offset + (index * RowStride) + rest), MemoryMarshal.AsBytes(bits.AsSpan(i, 1)));
        }
        return bits;
    }

    private void Overwrite(ReadOnlySpan<byte> values, int count)
    {
        CheckCount("CopyFrom", count, Shape);
        if (!IsDense)
        {
            Throw.Argument($"CopyFrom: the tensor must have no gaps between its rows; {Description} is a view with some.");
        }
        DeviceBuffer buffer = Ref.Buffer;
        buffer.BeginWrite();
        try
        {
            Device.Backend.Upload(values, Ref);
        }
        finally
        {
            buffer.EndWrite();
        }
    }

    private static void CheckBounds(string where, ReadOnlySpan<int> values, int min, int max)
    {
        int outside = values.IndexOfAnyExceptInRange(min, max);
        if (outside >= 0)
        {
            Throw.Argument(
                $"{where}: values must be from {min} to {max}; number {outside} is {values[outside]}. Bounds are declared when the tensor is made: Tensor.From(values, shape, "
                + "device, below: ...).");
        }
    }

    private int ArrayLength(string where)
    {
        if (Count > Array.MaxLength)
        {
            Throw.Argument($"{where}: an array holds at most {Array.MaxLength:N0} values; the tensor is {Shape}. Take parts of it: Ops.Slice.");
        }
        return (int)Count;
    }

    private static void CheckCount(string where, long values, in Shape shape)
    {
        if (values != shape.Count)
        {
            Throw.Argument($"{where}: {shape} needs {shape.Count} values; got {values}.");
        }
    }

    private void CheckType(string where, ElementType wanted)
    {
        if (ElementType != wanted)
        {
            Throw.Argument(wanted == ElementType.Float32
                ? $"{where}: floats were asked for; the tensor is {Description}. Use ToIntArray or CopyTo(Span<int>)."
                : $"{where}: integers were asked for; the tensor is {Description}. Use ToArray or CopyTo(Span<float>).");
        }
    }

    private ReadOnlySpan<nint> Lengths(Span<nint> lengths)
    {
        for (int axis = 0; axis < Rank; axis++)
        {
            lengths[axis] = Shape[axis];
        }
        return lengths[..Rank];
    }

    private void Download(Span<byte> destination, int length)
    {
        Shape shape = Shape;
        CheckCount("CopyTo", length, shape);
        if (IsDense)
        {
            Device.Backend.Download(Ref, destination);
            return;
        }
        int rowBytes = Size.Of(shape.RowCount * 4);
        for (int row = 0; row < shape[0]; row++)
        {
            Device.Backend.Download(Ref.Skip(row * RowStride), destination.Slice(row * rowBytes, rowBytes));
        }
    }
}
