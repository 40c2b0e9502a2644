using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>
/// A handle on float32 or int32 values on a device, row-major. Values made inside a <see cref="MemoryScope"/> or a tape are disposed with it;
/// a handle on disposed values is refused with <see cref="ObjectDisposedException"/>, never read.
/// </summary>
/// <remarks>
/// A handle is two words and making one allocates nothing. Reading tensors from several threads at once is safe; so is computing from
/// them. Writing (<see cref="CopyFrom(ReadOnlySpan{float})"/>, an optimiser's step) must not overlap with anything else on that tensor.
/// As with every struct, a variable that one thread assigns while another reads it needs a lock, or a reference to an object that holds the handle.
/// </remarks>
[DebuggerDisplay("{TensorView.Line(this),nq}")]
[DebuggerTypeProxy(typeof(TensorView))]
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
    public Shape Shape
    {
        get
        {
            TensorNode node = Node;
            Shape shape = node.Shape;
            ThrowIfEndedSince(node);
            return shape;
        }
    }

    /// <summary>The number of axes.</summary>
    public int Rank => Shape.Rank;

    /// <summary>The number of elements.</summary>
    public long Count => Shape.Count;

    /// <summary>What the elements are.</summary>
    public ElementType ElementType => Node.ElementType;

    /// <summary>Where the values are.</summary>
    public Device Device => Node.Device;

    /// <summary>Whether the handle points at values that are not disposed.</summary>
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
            DeviceBuffer? buffer = node.Buffer;
            if (buffer is null)
            {
                ThrowDead(node);
            }
            BufferRef place = new(buffer, node.Offset);
            ThrowIfEndedSince(node);
            return place;
        }
    }

    /// <summary>How often what lies in its memory was overwritten in place.</summary>
    internal int Writes => Ref.Buffer.Writes;

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

    /// <summary>Disposes of the values now instead of with their scope; their memory returns to the pool. Disposing twice does nothing.</summary>
    public void Dispose()
    {
        if (_node?.End(_version) is not { } buffer)
        {
            return;
        }
        DeviceMemory memory = _node.Device.Memory;
        memory.ReturnHolder(_node);
        memory.Return(buffer);
    }

    /// <summary>Whether both handles point at the same tensor (not whether values are equal).</summary>
    public bool Equals(Tensor other) => ReferenceEquals(_node, other._node) && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_node is null ? 0 : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(_node), _version);

    /// <summary>Type, shape and device: <c>float32 [64, 10] on cpu</c>.</summary>
    public string Description =>
        IsAlive ? $"{(ElementType == ElementType.Float32 ? "float32" : "int32")} {Shape} on {Device}" : "a disposed tensor";

    /// <summary>The values as NumPy prints them, shortened where there are more than a thousand. Waits for the device.</summary>
    public override string ToString() => IsAlive ? TensorText.Of(this) : Description;

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
        (DeviceBuffer? buffer, long start, ElementType type, int least, int most) = (node.Buffer, node.Offset, node.ElementType, node.MinIndex, node.MaxIndex);
        if (buffer is null || !buffer.TryAddReference())
        {
            ThrowDead(node);
        }
        if (node.Version != _version)
        {
            // Another thread disposed of it, and the buffer may be another tensor's by now.
            node.Device.Memory.Return(buffer);
            ThrowDead(node);
        }
        // A view of nothing begins where the tensor does: columns of no rows would begin behind the buffer's end.
        Tensor view = Over(node.Device, buffer, start + (shape.Count == 0 ? 0 : offset), shape, rowStride, type);
        view.Node.MinIndex = least;
        view.Node.MaxIndex = most;
        return view;
    }

    internal static Tensor Over(Device device, DeviceBuffer buffer, long offset, in Shape shape, long rowStride, ElementType type)
    {
        Tensor result = new(MakeNode(device, buffer, offset, shape, rowStride, type));
        MemoryScope.Current?.Own(result);
        return result;
    }

    private static TensorNode MakeNode(Device device, DeviceBuffer buffer, long offset, in Shape shape, long rowStride, ElementType type)
    {
        TensorNode node = TensorNode.Rent(device);
        node.Buffer = buffer;
        node.Offset = offset;
        node.Shape = shape;
        node.RowStride = rowStride;
        node.ElementType = type;
        return node;
    }

    // Another thread may have disposed of the tensor while it was looked at.
    private void ThrowIfEndedSince(TensorNode node)
    {
        Volatile.ReadBarrier();
        if (node.Version != _version)
        {
            ThrowDead(node);
        }
    }

    [DoesNotReturn]
    private static void ThrowDead(TensorNode? node) => Throw.Disposed(node is null
        ? "Tensor: an empty handle (default(Tensor)) was used."
        : "Tensor: it was disposed, by itself or with the scope or tape that owned it. Keep it with scope.Keep(tensor), or copy its values out before.");
}
