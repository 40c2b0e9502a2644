using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>Memory of the host that belongs to tensors.</summary>
internal sealed unsafe class CpuBuffer : DeviceBuffer
{
    private nint _pointer;

    public CpuBuffer(long bytes)
        : base(bytes)
    {
        try
        {
            _pointer = (nint)HostMemory.Allocate(bytes);
        }
        catch (OutOfMemoryException failure)
        {
            GC.SuppressFinalize(this);
            throw new DeviceException($"cpu: {bytes / 1048576.0:N1} MiB could not be allocated.", failure);
        }
        GC.AddMemoryPressure(Math.Max(bytes, HostMemory.Alignment));
    }

    // Only for a tensor that was made outside every scope and dropped without Dispose.
    ~CpuBuffer() => Free();

    public void* Pointer => (void*)_pointer;

    public override void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        nint pointer = Interlocked.Exchange(ref _pointer, 0);
        if (pointer != 0)
        {
            NativeMemory.AlignedFree((void*)pointer);
            GC.RemoveMemoryPressure(Math.Max(Bytes, HostMemory.Alignment));
        }
    }
}
