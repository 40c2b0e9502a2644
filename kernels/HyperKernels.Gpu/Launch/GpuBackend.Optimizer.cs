using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    public void Optimize(OptimizerStep step, ReadOnlySpan<OptimizerTarget> targets) => throw new NotImplementedException();

    public bool UsesUpProduct(int rows, int columns, int depth) => throw new NotImplementedException();
}
