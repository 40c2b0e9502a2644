using HyperKernels.Backends;

namespace HyperKernels.Gpu;

// What the device can do at most.
internal sealed partial class GpuBackend
{
    // As the kernel has it.
    private const int LimitChains = 8;
    private const int LimitGroupSize = 256;

    // A number of scratch for each thread.
    private const int LimitGroups = (int)(ILimitsBackend.ScratchBytes / sizeof(float) / LimitGroupSize);
    private const int LimitSteps = 20_000;
    private const int LimitLeastSteps = 100;

    // Fewer steps on a device of fewer units, such as a processor, so that a launch takes no more than a moment.
    private const int LimitUnits = 128;

    public double RunMultiplyAdds(BufferRef scratch)
    {
        int steps = Math.Max(LimitLeastSteps, LimitSteps / Math.Max(1, LimitUnits / _device.ComputeUnits));
        ForGroups(LimitsKernels.MultiplyAdd, LimitGroups, new MultiplyAddArguments { Steps = steps, Factor = 0.999f, Addend = 0.001f, Y = Floats(scratch) });
        return 2.0 * LimitChains * steps * LimitGroups * LimitGroupSize;
    }

    public void RunCopy(BufferRef source, BufferRef destination, long bytes)
    {
        Broadcast all = default;
        all.Append(checked((int)(bytes / sizeof(float))), 1, 1, 1);
        all.Finish();
        Copy(all, source, destination);
    }
}
