using System.Diagnostics;
using HyperKernels.Backends;

namespace HyperKernels.Cases.Sized;

/// <summary>What a device can do at most, measured in the same run as what is compared with it.</summary>
/// <param name="PeakGflops">Multiply-adds on registers alone, on a processor at the device's vector width on its threads; 10^9 operations a second.</param>
/// <param name="CopyGbps">Bytes read plus bytes written by a plain copy of memory far larger than the caches; 10^9 bytes a second.</param>
public sealed record MachineLimits(double PeakGflops, double CopyGbps)
{
    private const int Rounds = 8;

    // 256 MiB from and as much to: several times the largest caches in use.
    private const long CopyBytes = 256L << 20;

    /// <summary>Measures a device; takes about half a second. The best of several rounds counts.</summary>
    public static MachineLimits Measure(Device device)
    {
        IBackend backend = device.Backend;
        using DeviceBuffer from = backend.Allocate(CopyBytes);
        using DeviceBuffer to = backend.Allocate(CopyBytes);
        from.AddReference();
        to.AddReference();
        BufferRef source = new(from, 0);
        BufferRef destination = new(to, 0);
        // Different bits: pages that were never written may share memory.
        backend.Fill(source, CopyBytes / sizeof(int), 1);
        backend.Fill(destination, CopyBytes / sizeof(int), 2);
        double operations = 0;
        double peak = double.PositiveInfinity;
        double copy = double.PositiveInfinity;
        for (int round = 0; round < Rounds; round++)
        {
            peak = Math.Min(peak, Time(backend, () => operations = backend.RunMultiplyAdds(destination)));
            copy = Math.Min(copy, Time(backend, () => backend.RunCopy(source, destination, CopyBytes)));
        }
        return new MachineLimits(operations / peak / 1e9, 2.0 * CopyBytes / copy / 1e9);
    }

    private static double Time(IBackend backend, Action work)
    {
        backend.Synchronize();
        long start = Stopwatch.GetTimestamp();
        work();
        backend.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
