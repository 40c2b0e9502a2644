using System.Runtime.InteropServices;

namespace HyperKernels.Distributed;

/// <summary>The C library's call that tells how mapped memory is used.</summary>
internal static partial class PosixMemory
{
    // The same numbers on Linux and macOS.
    private const int Random = 1;
    private const int WillNeed = 3;
    private const int DontNeed = 4;

    /// <summary>Reads no more than what is asked for.</summary>
    public static void AdviseRandom(nint address, nint length) => Advise(address, length, Random);

    /// <summary>Begins to bring pages into the system's cache, and returns at once.</summary>
    public static void Announce(nint address, nint length) => Advise(address, length, WillNeed);

    /// <summary>Takes pages out of the process; they stay in the system's cache while there is room, and come back when they are read.</summary>
    public static void Release(nint address, nint length) => Advise(address, length, DontNeed);

    private static void Advise(nint address, nint length, int advice)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        // Addresses of pages; advice that is refused costs memory or time, not results.
        nint page = address & ~(nint)(Environment.SystemPageSize - 1);
        _ = Madvise(page, length + (address - page), advice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(nint address, nint length, int advice);
}
