using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>
/// A handle on float32 or int32 values on a device, row-major. Values made inside a <see cref="MemoryScope"/> or a tape end with it;
/// a handle on values that have ended is refused with <see cref="ObjectDisposedException"/>, never read.
/// </summary>
/// <remarks>
/// A handle is two words and making one allocates nothing. Reading tensors from several threads at once is safe; so is computing from
/// them. Writing (<see cref="CopyFrom(ReadOnlySpan{float})"/>, an optimiser's step) must not overlap with anything else on that tensor.
/// </remarks>
public readonly partial struct Tensor : IEquatable<Tensor>, IDisposable
{
    private readonly TensorNode? _node;
    private readonly int _version;

    internal Tensor(TensorNode node)
    {
        _node = node;
        _version = node.Version;
    }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape => Node.Shape;

    /// <summary>The number of axes.</summary>
    public int Rank => Node.Shape.Rank;

    /// <summary>The number of elements.</summary>
    public long Count => Node.Shape.Count;

    /// <summary>What the elements are.</summary>
    public ElementType ElementType => Node.ElementType;

    /// <summary>Where the values are.</summary>
    public Device Device => Node.Device;

    /// <summary>Whether the handle points at values that have not ended.</summary>
    public bool IsAlive => _node is not null && _node.Version == _version;

    internal TensorNode Node
    {
        get
        {
            TensorNode? node = _node;
            if (node is null || node.Version != _version)
            {
                ThrowDead(node);
            }
            return node;
        }
    }

    internal bool IsNone => _node is null;

    /// <summary>The place of the first element.</summary>
    internal BufferRef Ref
    {
        get
        {
            TensorNode node = Node;
            return new BufferRef(node.Buffer!, node.Offset);
        }
    }

    internal long RowStride => Node.RowStride;

    /// <summary>Whether the rows follow each other without gaps.</summary>
    internal bool IsDense
    {
        get
        {
            TensorNode node = Node;
            return node.Shape.Rank == 0 || node.Shape[0] <= 1 || node.RowStride == node.Shape.RowCount;
        }
    }

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
    /// <exception cref="ArgumentException">The number of values is not that of the shape.</exception>
    public static Tensor From(ReadOnlySpan<int> values, Shape shape, Device? device = null)
    {
        CheckCount("Tensor.From", values.Length, shape);
        Tensor result = New(device ?? Device.Default, shape, ElementType.Int32);
        result.Device.Backend.Upload(MemoryMarshal.AsBytes(values), result.Ref);
        result.Node.MinIndex = values.IsEmpty ? 0 : TensorPrimitives.Min(values);
        result.Node.MaxIndex = values.IsEmpty ? 0 : TensorPrimitives.Max(values);
        return result;
    }

    /// <summary>Copies integers to a device as a vector.</summary>
    public static Tensor From(ReadOnlySpan<int> values) => From(values, [values.Length]);

    /// <summary>Copies a dense <c>System.Numerics.Tensors</c> span (one copy).</summary>
    /// <exception cref="ArgumentException">More axes or larger ones than a <see cref="HyperKernels.Shape"/> can have.</exception>
    [Experimental("SYSLIB5001")]
    public static Tensor From(in ReadOnlyTensorSpan<float> values, Device? device = null)
    {
        Span<int> sizes = stackalloc int[values.Rank];
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            sizes[axis] = checked((int)values.Lengths[axis]);
        }
        float[] flat = new float[checked((int)values.FlattenedLength)];
        values.FlattenTo(flat);
        return From(flat, new Shape(sizes), device);
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
    /// <exception cref="ArgumentException">The tensor holds integers.</exception>
    public float[] ToArray()
    {
        float[] values = new float[Count];
        CopyTo(values);
        return values;
    }

    /// <summary>The integers, row-major. Waits for the device.</summary>
    /// <exception cref="ArgumentException">The tensor holds floats.</exception>
    public int[] ToIntArray()
    {
        int[] values = new int[Count];
        CopyTo(values);
        return values;
    }

    /// <summary>The only value of a tensor with one element. Waits for the device.</summary>
    /// <exception cref="ArgumentException">The tensor has another number of elements.</exception>
    public float ToScalar()
    {
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
        CheckType(ElementType.Float32);
        Download(MemoryMarshal.AsBytes(destination), destination.Length);
    }

    /// <summary>Copies the integers out, row-major. Waits for the device.</summary>
    /// <exception cref="ArgumentException">The span's length is not the number of elements, or the tensor holds floats.</exception>
    public void CopyTo(Span<int> destination)
    {
        CheckType(ElementType.Int32);
        Download(MemoryMarshal.AsBytes(destination), destination.Length);
    }

    /// <summary>Overwrites the values in place, for example to load a checkpoint. Not recorded by tapes.</summary>
    /// <exception cref="ArgumentException">The number of values differs, or the tensor is a view with gaps or holds integers.</exception>
    public void CopyFrom(ReadOnlySpan<float> values)
    {
        CheckType(ElementType.Float32);
        CheckCount("CopyFrom", values.Length, Shape);
        if (!IsDense)
        {
            Throw.Argument("CopyFrom: the tensor is a view with gaps between its rows.");
        }
        Device.Backend.Upload(MemoryMarshal.AsBytes(values), Ref);
    }

    /// <summary>The values as a <c>System.Numerics.Tensors</c> tensor (one copy).</summary>
    [Experimental("SYSLIB5001")]
    public System.Numerics.Tensors.Tensor<float> ToTensor()
    {
        nint[] lengths = new nint[Rank];
        for (int axis = 0; axis < lengths.Length; axis++)
        {
            lengths[axis] = Shape[axis];
        }
        return System.Numerics.Tensors.Tensor.Create(ToArray(), lengths);
    }

    /// <summary>The processor's own memory behind this tensor, without a copy; valid until the tensor ends.</summary>
    /// <exception cref="InvalidOperationException">The tensor is on another device, or is a view with gaps.</exception>
    public Span<float> AsSpan()
    {
        CheckType(ElementType.Float32);
        if (!IsDense || Device.Backend is not Backends.Cpu.CpuBackend cpu)
        {
            Throw.InvalidOperation($"AsSpan: the tensor must be dense and on the processor; it is on {Device}. Use ToArray.");
            return default;
        }
        return cpu.AsSpan(Ref, checked((int)Count));
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

    /// <summary>Ends the tensor now instead of with its scope; its memory returns to the pool. Ending twice does nothing.</summary>
    public void Dispose()
    {
        TensorNode? node = _node;
        if (node is null || node.Version != _version)
        {
            return;
        }
        Device device = node.Device;
        DeviceBuffer buffer = node.Buffer!;
        node.Clear();
        device.Memory.ReturnNode(node);
        device.Memory.Return(buffer);
    }

    /// <summary>Whether both handles point at the same tensor (not whether values are equal).</summary>
    public bool Equals(Tensor other) => ReferenceEquals(_node, other._node) && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_node is null ? 0 : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(_node), _version);

    /// <summary>Type, shape and device: <c>float32 [64, 10] on cpu</c>.</summary>
    public override string ToString() =>
        IsAlive ? $"{(ElementType == ElementType.Float32 ? "float32" : "int32")} {Shape} on {Device}" : "a tensor that has ended";

    /// <summary>Whether both handles point at the same tensor.</summary>
    public static bool operator ==(Tensor left, Tensor right) => left.Equals(right);

    /// <summary>Whether the handles point at different tensors.</summary>
    public static bool operator !=(Tensor left, Tensor right) => !left.Equals(right);

    /// <summary>A new tensor, contents undefined, owned by the current scope.</summary>
    internal static Tensor New(Device device, in Shape shape, ElementType type)
    {
        DeviceBuffer buffer = device.Memory.Rent(shape.Count * 4);
        return Over(device, buffer, 0, shape, shape.RowCount, type);
    }

    /// <summary>A new tensor, contents undefined, that no scope owns: it lives until it is disposed. For parameters and optimiser state.</summary>
    internal static Tensor NewUnowned(Device device, in Shape shape, ElementType type)
    {
        DeviceBuffer buffer = device.Memory.Rent(shape.Count * 4);
        return new Tensor(MakeNode(device, buffer, 0, shape, shape.RowCount, type));
    }

    /// <summary>A tensor over part of this one's memory: rows of <paramref name="shape"/>, <paramref name="rowStride"/> elements apart.</summary>
    internal Tensor View(in Shape shape, long offset, long rowStride)
    {
        TensorNode node = Node;
        node.Buffer!.AddReference();
        Tensor view = Over(node.Device, node.Buffer, node.Offset + offset, shape, rowStride, node.ElementType);
        view.Node.MinIndex = node.MinIndex;
        view.Node.MaxIndex = node.MaxIndex;
        return view;
    }

    private static Tensor Over(Device device, DeviceBuffer buffer, long offset, in Shape shape, long rowStride, ElementType type)
    {
        Tensor result = new(MakeNode(device, buffer, offset, shape, rowStride, type));
        MemoryScope.Current?.Own(result);
        return result;
    }

    private static TensorNode MakeNode(Device device, DeviceBuffer buffer, long offset, in Shape shape, long rowStride, ElementType type)
    {
        TensorNode node = device.Memory.RentNode(device);
        node.Buffer = buffer;
        node.Offset = offset;
        node.Shape = shape;
        node.RowStride = rowStride;
        node.ElementType = type;
        return node;
    }

    private static void CheckCount(string where, long values, in Shape shape)
    {
        if (values != shape.Count)
        {
            Throw.Argument($"{where}: {shape} needs {shape.Count} values; got {values}.");
        }
    }

    private void CheckType(ElementType wanted)
    {
        if (ElementType != wanted)
        {
            Throw.Argument(wanted == ElementType.Float32
                ? "The tensor holds integers, floats were asked for: use ToIntArray or CopyTo(Span<int>)."
                : "The tensor holds floats, integers were asked for: use ToArray or CopyTo(Span<float>).");
        }
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
        int rowBytes = checked((int)shape.RowCount * 4);
        for (int row = 0; row < shape[0]; row++)
        {
            Device.Backend.Download(Ref.Skip(row * RowStride), destination.Slice(row * rowBytes, rowBytes));
        }
    }

    [DoesNotReturn]
    private static void ThrowDead(TensorNode? node) => Throw.Disposed(node is null
        ? "Tensor: an empty handle (default(Tensor)) was used."
        : "Tensor: it has ended with the scope or tape that owned it. Keep it with scope.Keep(tensor), or copy its values out before the scope ends.");
}
