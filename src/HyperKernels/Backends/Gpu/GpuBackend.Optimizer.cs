namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Optimize(OptimizerStep step, ReadOnlySpan<OptimizerTarget> targets) =>
        throw new NotSupportedException();
}
