using System.Numerics.Tensors;
using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>
/// What a <see cref="Tensor"/> handle points at. Nodes are used again after their tensor was disposed, under a new version, so that a step
/// of steady shape allocates none; a handle of an earlier version is refused.
/// </summary>
internal sealed class TensorNode(Device device) : BufferHolder
{
    private static readonly Func<Device, BufferHolder> s_make = static device => new TensorNode(device);

    private int _version = 1;

    // Only for a tensor that was dropped without being disposed. Those that were lie in the memory's stack, and in no buffer.
    ~TensorNode()
    {
        if (Buffer is { } buffer)
        {
            Device.Memory.Forget(buffer);
        }
    }

    public Device Device { get; } = device;

    public int Version => Volatile.Read(ref _version);

    public long Offset { get; set; }

    // A field: shapes are read by reference on every op.
    public Shape Shape;

    /// <summary>Elements from one row (step of the first axis) to the next; rows themselves are contiguous.</summary>
    public long RowStride { get; set; }

    public ElementType ElementType { get; set; }

    /// <summary>Set for parameters: every tape records what is computed from it.</summary>
    public bool RequiresGradient { get; set; }

    /// <summary>The recording scope (a tape) that made this tensor from tracked inputs, and its place there.</summary>
    public MemoryScope? Recorder { get; set; }

    public int Slot { get; set; }

    /// <summary>How often that recorder had been reset by then.</summary>
    public int Generation { get; set; }

    /// <summary>How many gradient slots of a running backward pass hold this tensor.</summary>
    public int GradientUses { get; set; }

    /// <summary>Made by a gradient rule and held by gradient slots only: disposed with the last of them.</summary>
    public bool IsTemporary { get; set; }

    /// <summary>Bounds of the values of an integer tensor, known when it is made, so that no launch has to look.</summary>
    public int MinIndex { get; set; }

    public int MaxIndex { get; set; }

    /// <summary>A node that no tensor stands on.</summary>
    public static TensorNode Rent(Device device) => (TensorNode)device.Memory.RentHolder(device, s_make);

    /// <summary>Notes the bounds of the integers that were just written.</summary>
    public void NoteBounds(ReadOnlySpan<int> values)
    {
        MinIndex = values.IsEmpty ? 0 : TensorPrimitives.Min(values);
        MaxIndex = values.IsEmpty ? 0 : TensorPrimitives.Max(values);
    }

    /// <summary>Makes the handles of a version invalid, and forgets everything. Of several callers at once one alone ends the tensor.</summary>
    /// <returns>What the tensor stood in; null if another had ended it already.</returns>
    public DeviceBuffer? End(int version)
    {
        if (Interlocked.CompareExchange(ref _version, version + 1, version) != version)
        {
            return null;
        }
        DeviceBuffer? buffer = Buffer;
        Buffer = null;
        Recorder = null;
        RequiresGradient = false;
        GradientUses = 0;
        IsTemporary = false;
        MinIndex = 0;
        MaxIndex = 0;
        Shape = default;
        return buffer;
    }

    public override string ToString() => Shape.ToString();
}
