using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>Native memory, aligned to the widest register and the cache line.</summary>
internal sealed unsafe class CpuBuffer : DeviceBuffer
{
    private const int Alignment = 64;

    // From two huge pages on, which both x86 and 64-bit Arm have: scattered rows of a large tensor then find their page without a walk through tables.
    private const long HugeFromBytes = 2 * HugePage;
    private const int HugePage = 2 << 20;

    private nint _pointer;

    public CpuBuffer(long bytes)
        : base(bytes)
    {
        try
        {
            bool huge = bytes >= HugeFromBytes && OperatingSystem.IsLinux();
            _pointer = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, Alignment), (nuint)(huge ? HugePage : Alignment));
            if (huge)
            {
                // Advice: where the system has no huge pages, it answers with an error that changes nothing.
                _ = MemoryApi.Advise(_pointer, (nuint)bytes, MemoryApi.HugePages);
            }
        }
        catch (OutOfMemoryException failure)
        {
            GC.SuppressFinalize(this);
            throw new DeviceException($"cpu: {bytes / 1048576.0:N1} MiB could not be allocated.", failure);
        }
        GC.AddMemoryPressure(Math.Max(bytes, Alignment));
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
            GC.RemoveMemoryPressure(Math.Max(Bytes, Alignment));
        }
    }
}
