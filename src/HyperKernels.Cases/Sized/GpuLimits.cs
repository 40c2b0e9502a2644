using System.Diagnostics;
using HyperKernels.Backends;
using HyperKernels.Backends.Gpu;

namespace HyperKernels.Cases.Sized;

/// <summary>The limits of a device with kernels of its own, measured by kernels.</summary>
internal static class GpuLimits
{
    private const int Rounds = 8;
    private const int Chains = 8;
    private const int Steps = 20_000;
    private const int Groups = 4096;

    // 256 MiB from and as much to: several times the largest caches in use.
    private const int CopyElements = 64 << 20;

    public static MachineLimits Measure(Device device, GpuBackend backend)
    {
        using MemoryScope scope = device.Scope();
        Tensor source = Tensor.New(device, [CopyElements], ElementType.Float32);
        Tensor target = Tensor.New(device, [CopyElements], ElementType.Float32);
        backend.Fill(source.Ref, CopyElements, 0);
        Broadcast all = default;
        all.Append(CopyElements, 1, 1, 1);
        all.Finish();
        // Fewer steps on a device of few units, such as a processor, so that a round takes no more than a moment.
        int steps = Math.Max(100, Steps / Math.Max(1, 128 / backend.ComputeUnits));
        double peak = double.PositiveInfinity;
        double copy = double.PositiveInfinity;
        for (int round = 0; round < Rounds; round++)
        {
            peak = Math.Min(peak, Time(backend, () => backend.ForGroups("limits/multiply_add", Groups, [steps, 0.999f, 0.001f, target.Ref])));
            copy = Math.Min(copy, Time(backend, () => backend.Copy(all, source.Ref, target.Ref)));
        }
        double operations = 2.0 * Chains * steps * Groups * 256;
        return new MachineLimits(operations / peak / 1e9, 2.0 * CopyElements * sizeof(float) / copy / 1e9);
    }

    private static double Time(GpuBackend backend, Action launch)
    {
        backend.Synchronize();
        long start = Stopwatch.GetTimestamp();
        launch();
        backend.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
