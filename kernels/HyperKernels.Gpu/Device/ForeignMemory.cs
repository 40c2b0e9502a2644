using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>Memory that somebody else allocated and keeps, as a buffer of ILGPU: it can be given to kernels, and is never freed here.</summary>
internal sealed class ForeignMemory : MemoryBuffer
{
    public ForeignMemory(Accelerator accelerator, nint memory, long bytes)
        : base(accelerator, bytes, 1) => NativePtr = memory;

    protected override void MemSet(AcceleratorStream stream, byte value, in ArrayView<byte> targetView) => throw Unused();

    protected override void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) => throw Unused();

    protected override void CopyTo(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) => throw Unused();

    protected override void DisposeAcceleratorObject(bool disposing)
    {
    }

    // Transfers go by the memory's own name, past this object.
    private static NotSupportedException Unused() => new("Foreign memory is read and written by GpuDevice.");
}
