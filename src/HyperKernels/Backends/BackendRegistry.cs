using System.Globalization;
using HyperKernels.Backends.Cpu;
using HyperKernels.Backends.Cuda;
using HyperKernels.Backends.Gpu;
using HyperKernels.Backends.OpenCL;

namespace HyperKernels.Backends;

/// <summary>A backend that may be on this machine.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Open">Opens it; null if it is absent.</param>
/// <param name="Reason">Why it is absent and what would help; empty if it is there.</param>
/// <param name="IsGpu">Whether a graphics processor stands behind it.</param>
internal sealed record BackendEntry(string Name, Func<IBackend>? Open, string Reason, bool IsGpu);

/// <summary>Which backends there are on this machine, and why the others are absent. Drivers are asked when it is first needed.</summary>
internal static class BackendRegistry
{
    private static readonly Lazy<BackendEntry> s_opencl = new(FindOpenCL);
    private static readonly Lazy<BackendEntry> s_cuda = new(FindCuda);

    /// <summary>The names, whether they are on this machine or not.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cpu", "opencl", "cuda"];

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

    /// <summary>One of <see cref="Names"/>.</summary>
    public static BackendEntry Get(string name) => name switch
    {
        "cpu" => new BackendEntry("cpu", static () => new CpuBackend(CpuBackend.WidestVector, DefaultThreads), "", false),
        "opencl" => s_opencl.Value,
        _ => s_cuda.Value,
    };

    private static BackendEntry FindOpenCL()
    {
        OpenCLChoice? choice = OpenCLChoice.Find(out string reason);
        return new BackendEntry("opencl", choice is null ? null : () => new GpuBackend(new OpenCLDevice(choice, KernelCache.Default)), reason, choice?.IsGpu ?? false);
    }

    private static BackendEntry FindCuda()
    {
        CudaChoice? choice = CudaChoice.Find(KernelCache.Default, out string reason);
        return new BackendEntry("cuda", choice is null ? null : () => new GpuBackend(new CudaDevice(choice)), reason, true);
    }
}
