using System.Globalization;

namespace HyperKernels.Backends.Cpu;

/// <summary>The processor: always there.</summary>
internal sealed class CpuProvider : IBackendProvider
{
    private static readonly int[] s_widths = [512, 256, 128, 32];

    public string Name => "cpu";

    public string? Absence => null;

    public bool IsGpu => false;

    /// <summary>HYPERKERNELS_THREADS if it is a positive number, else every core the process may use.</summary>
    private static int DefaultThreads
    {
        get
        {
            string? wanted = Environment.GetEnvironmentVariable("HYPERKERNELS_THREADS");
            return int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out int threads) && threads > 0
                ? threads
                : Environment.ProcessorCount;
        }
    }

    public IBackend Open() => new CpuBackend(CpuBackend.WidestVector, DefaultThreads);

    // The widest is what Open gives.
    public IEnumerable<IBackend> OpenVariants() => s_widths.Where(width => width < CpuBackend.WidestVector).Select(width => new CpuBackend(width, threads: 2));
}
