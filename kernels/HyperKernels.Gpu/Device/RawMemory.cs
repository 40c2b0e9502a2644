using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Gpu;

/// <summary>Memory by the API's name for it, as a buffer of ILGPU, so that kernels can be given it. It is never freed here but by who allocated it.</summary>
internal sealed class RawMemory : MemoryBuffer
{
    public RawMemory(Accelerator accelerator, nint memory, long bytes)
        : base(accelerator, bytes, 1)
    {
        NativePtr = memory;
        // ILGPU's finalizer asks the driver on the collector's thread, and ends the process where a device that was lost answers with an error.
        GC.SuppressFinalize(this);
    }

    protected override void MemSet(AcceleratorStream stream, byte value, in ArrayView<byte> targetView)
    {
        if (stream is CLStream queue)
        {
            CLMemoryBuffer.CLMemSet(queue, value, targetView);
        }
        else
        {
            CudaMemoryBuffer.CudaMemSet((CudaStream)stream, value, targetView);
        }
    }

    protected override void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) =>
        Copy(stream, sourceView, targetView);

    protected override void CopyTo(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) =>
        Copy(stream, sourceView, targetView);

    protected override void DisposeAcceleratorObject(bool disposing)
    {
    }

    private static void Copy(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView)
    {
        if (stream is CLStream queue)
        {
            CLMemoryBuffer.CLCopy(queue, sourceView, targetView);
        }
        else
        {
            CudaMemoryBuffer.CudaCopy((CudaStream)stream, sourceView, targetView);
        }
    }
}
