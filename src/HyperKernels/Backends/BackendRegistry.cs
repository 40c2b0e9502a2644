using System.Globalization;
using HyperKernels.Backends.Cpu;

namespace HyperKernels.Backends;

/// <summary>Which backends there are on this machine, the best first, and why the others are absent.</summary>
internal static class BackendRegistry
{
    private const string NotInThisVersion = "this version computes on the processor only.";

    /// <summary>HYPERKERNELS_THREADS if it is a positive number, else every core the process may use.</summary>
    public static int DefaultThreads
    {
        get
        {
            string? wanted = Environment.GetEnvironmentVariable("HYPERKERNELS_THREADS");
            return int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out int threads) && threads > 0
                ? threads
                : Environment.ProcessorCount;
        }
    }

    /// <summary>Name, what opens it (null if absent), and the reason of its absence.</summary>
    public static IReadOnlyList<(string Name, Func<IBackend>? Open, string Reason)> All { get; } =
    [
        ("cpu", static () => new CpuBackend(CpuBackend.WidestVector, DefaultThreads), ""),
        ("opencl", null, NotInThisVersion),
        ("cuda", null, NotInThisVersion),
    ];
}
