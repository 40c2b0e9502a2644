using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Changes parameters in place; never recorded. All targets are on one device.</summary>
    internal static void Optimize(Device device, OptimizerStep step, ReadOnlySpan<OptimizerTarget> targets)
    {
        if (!targets.IsEmpty)
        {
            device.Backend.Optimize(step, targets);
        }
    }
}
