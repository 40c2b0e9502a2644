using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>The C library's call that tells Linux how memory will be used, which .NET has no call for.</summary>
internal static partial class MemoryApi
{
    /// <summary>MADV_HUGEPAGE.</summary>
    internal const int HugePages = 14;

    [LibraryImport("libc", EntryPoint = "madvise")]
    internal static partial int Advise(nint address, nuint bytes, int advice);
}
