using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Native memory of one thread for one purpose, kept from call to call and grown when a call needs more. It is freed when its thread
/// has ended.
/// </summary>
internal sealed unsafe class WorkBuffer
{
    [ThreadStatic]
    private static long s_threadBytes;

    private float* _memory;
    private long _length;

    ~WorkBuffer() => NativeMemory.AlignedFree(_memory);

    /// <summary>What the buffers that this thread has rented take together.</summary>
    public static long ThreadBytes => s_threadBytes;

    /// <summary>At least <paramref name="length"/> floats on a cache line's start; what an earlier call left there is lost.</summary>
    public float* Rent(long length)
    {
        if (length > _length)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
            s_threadBytes -= _length * sizeof(float);
            _length = 0;
            long rounded = (length + 1023) & ~1023L;
            _memory = (float*)HostMemory.Allocate(rounded * sizeof(float));
            _length = rounded;
            s_threadBytes += rounded * sizeof(float);
        }
        return _memory;
    }
}
