using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Native memory of one thread for one purpose, kept from call to call and grown when a call needs more. It is freed when its thread
/// has ended.
/// </summary>
internal sealed unsafe class WorkBuffer
{
    private float* _memory;
    private long _length;

    ~WorkBuffer() => NativeMemory.AlignedFree(_memory);

    /// <summary>At least <paramref name="length"/> floats on a cache line's start; what an earlier call left there is lost.</summary>
    public float* Rent(long length)
    {
        if (length > _length)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
            _length = 0;
            long rounded = (length + 1023) & ~1023L;
            _memory = (float*)HostMemory.Allocate(rounded * sizeof(float));
            _length = rounded;
        }
        return _memory;
    }
}
