using System.Globalization;

namespace HyperKernels.Backends;

/// <summary>Which backends there are, and how many threads the processor starts with.</summary>
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

    public static IReadOnlyList<DeviceStatus> All =>
    [
        new DeviceStatus("cpu", true, Device.Cpu.Description, ""),
        new DeviceStatus("opencl", false, "", NotInThisVersion),
        new DeviceStatus("cuda", false, "", NotInThisVersion),
    ];
}
