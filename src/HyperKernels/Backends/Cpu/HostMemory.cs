using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>Native memory as the kernels want it: on a cache line's start, and in huge pages where it is large.</summary>
internal static unsafe partial class HostMemory
{
    /// <summary>The widest register and the cache line, in bytes.</summary>
    public const int Alignment = 64;

    /// <summary>The same in floats.</summary>
    public const int Line = Alignment / sizeof(float);

    // From two huge pages on, which both x86 and 64-bit Arm have: scattered rows of a large tensor then find their page without a walk through tables.
    private const long HugeFromBytes = 2 * HugePage;
    private const int HugePage = 2 << 20;

    // MADV_HUGEPAGE.
    private const int HugePages = 14;

    /// <summary>Memory for <see cref="NativeMemory.AlignedFree"/>; its content is arbitrary.</summary>
    /// <exception cref="OutOfMemoryException">There is no such piece.</exception>
    public static void* Allocate(long bytes)
    {
        bool huge = bytes >= HugeFromBytes && OperatingSystem.IsLinux();
        void* memory = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, Alignment), (nuint)(huge ? HugePage : Alignment));
        if (huge)
        {
            // Advice: where the system has no huge pages, it answers with an error that changes nothing.
            _ = Advise((nint)memory, (nuint)bytes, HugePages);
        }
        return memory;
    }

    /// <summary>The first cache line's start in memory of the stack, which begins anywhere and has <see cref="Line"/> floats to spare.</summary>
    public static float* NextLine(float* memory) => (float*)(((nint)memory + Alignment - 1) & -Alignment);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint bytes, int advice);
}
