using System.Globalization;

namespace HyperKernels.Backends.Cpu;

/// <summary>The processor: always there.</summary>
internal sealed class CpuProvider : IBackendProvider
{
    private static readonly int[] s_widths = [512, 256, 128, 32];

    public string Name => "cpu";

    public string? Absence => null;

    public bool IsGpu => false;

    /// <summary>HYPERKERNELS_THREADS where it is set, else every core the process may use.</summary>
    /// <exception cref="DeviceException">The variable is no number of threads.</exception>
    private static int DefaultThreads
    {
        get
        {
            string? wanted = Environment.GetEnvironmentVariable("HYPERKERNELS_THREADS");
            if (string.IsNullOrEmpty(wanted))
            {
                return Environment.ProcessorCount;
            }
            return int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out int threads) && threads is >= 1 and <= Device.MostThreads
                ? threads
                : throw new DeviceException(
                    $"cpu: the environment variable HYPERKERNELS_THREADS must be a whole number from 1 to {Device.MostThreads}; got \"{wanted}\". Unset it to use every core.");
        }
    }

    public IBackend Open() => new CpuBackend(CpuBackend.WidestVector, DefaultThreads);

    // The widest is what Open gives.
    public IEnumerable<IBackend> OpenVariants() => s_widths.Where(width => width < CpuBackend.WidestVector).Select(width => new CpuBackend(width, threads: 2));
}
