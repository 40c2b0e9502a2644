using HyperKernels.Backends;

namespace HyperKernels;

// Memory shared with other libraries on the same device.
public readonly partial struct Tensor
{
    /// <summary>A tensor over device memory that another library owns, without a copy.</summary>
    /// <param name="memory">For CUDA an address (CUdeviceptr), a multiple of four bytes; for OpenCL a memory object (cl_mem).</param>
    /// <param name="shape">The axes; values lie row-major without gaps.</param>
    /// <param name="device">The device whose context the memory belongs to. ILGPU makes contexts of its own: memory of others is refused.</param>
    /// <param name="type">What the elements are. Integers are read once, for their bounds, which waits for the device; their owner may not go beyond these later.</param>
    /// <returns>A tensor of the current scope. The memory is never freed here; its owner keeps it until the tensor and all its views are disposed.</returns>
    /// <exception cref="InvalidOperationException">The device is the processor.</exception>
    /// <exception cref="ArgumentException">The memory is null, not aligned, or (OpenCL) smaller than the shape.</exception>
    /// <remarks>Work on it is in order with this device's stream or queue only: on others the caller has to wait.</remarks>
    public static Tensor FromDevice(nint memory, Shape shape, Device device, ElementType type = ElementType.Float32)
    {
        if (device.Backend.ForeignMemory is not { } foreign)
        {
            Throw.InvalidOperation($"Tensor.FromDevice: the device must be reached through OpenCL or CUDA; it is {device}. Use Tensor.From.");
            return default;
        }
        return OverForeign(foreign.Borrow(memory, shape.Count * 4, out long offset), offset, shape, device, type);
    }

    /// <summary>A tensor over a buffer that somebody else owns. Integers are read, for their bounds.</summary>
    internal static Tensor OverForeign(DeviceBuffer buffer, long offset, Shape shape, Device device, ElementType type)
    {
        buffer.Home = device.Memory;
        buffer.AddReference();
        Tensor result = Over(device, buffer, offset, shape, shape.RowCount, type);
        if (type == ElementType.Int32)
        {
            result.Node.NoteBounds(result.ToIntArray());
        }
        return result;
    }

    /// <summary>What other libraries on the same device call this tensor's memory; valid until the tensor is disposed.</summary>
    /// <param name="offset">Where the first element lies behind that, in bytes; 0 for CUDA.</param>
    /// <returns>For CUDA the address of the first element (CUdeviceptr), for OpenCL the memory object (cl_mem).</returns>
    /// <exception cref="InvalidOperationException">The tensor is on the processor, or is a view with gaps.</exception>
    /// <remarks>What was asked of this engine may not be done yet: use it on the same stream or queue, or call <see cref="Device.Synchronize"/>.</remarks>
    public nint DeviceHandle(out long offset)
    {
        if (!IsDense || Device.Backend.ForeignMemory is not { } foreign)
        {
            Throw.InvalidOperation(
                $"DeviceHandle: the tensor must be without gaps between its rows, on OpenCL or CUDA; it is {Description}{(IsDense ? "" : ", a view with gaps")}.");
            offset = 0;
            return 0;
        }
        return foreign.HandleOf(Ref, out offset);
    }
}
