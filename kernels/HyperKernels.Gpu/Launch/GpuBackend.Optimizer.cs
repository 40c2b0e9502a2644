using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    // Targets of one launch: their buffers are arguments, since a table in memory can hold no OpenCL buffers.
    private const int OptimizerTargets = 8;

    public void Optimize(OptimizerStep step, ReadOnlySpan<OptimizerTarget> targets)
    {
        Action<OptimizeArguments> kernel = step.Rule switch
        {
            OptimizerRule.Adam => OptimizerKernels.Optimize<AdamRule>,
            OptimizerRule.Average => OptimizerKernels.Optimize<AverageRule>,
            _ => OptimizerKernels.Optimize<MomentumRule>,
        };
        for (int first = 0; first < targets.Length; first += OptimizerTargets)
        {
            ReadOnlySpan<OptimizerTarget> some = targets[first..Math.Min(targets.Length, first + OptimizerTargets)];
            OptimizeArguments arguments = new()
            {
                Step = new OptimizeStep
                {
                    Beta1 = step.Beta1,
                    Rest1 = step.Rest1,
                    Beta2 = step.Beta2,
                    Rest2 = step.Rest2,
                    Epsilon = step.Epsilon,
                    Nesterov = step.Nesterov ? 1 : 0,
                },
            };
            int groups = 0;
            arguments.Target0 = Next(some, 0, ref groups);
            arguments.Target1 = Next(some, 1, ref groups);
            arguments.Target2 = Next(some, 2, ref groups);
            arguments.Target3 = Next(some, 3, ref groups);
            arguments.Target4 = Next(some, 4, ref groups);
            arguments.Target5 = Next(some, 5, ref groups);
            arguments.Target6 = Next(some, 6, ref groups);
            arguments.Target7 = Next(some, 7, ref groups);
            ForGroups(kernel, groups, arguments);
        }
    }

    // Kernels take whole gradients.
    public bool UsesUpProduct(int rows, int columns, int depth) => false;

    // A group finds the last target that begins at or before it; absent ones begin behind all.
    private static OptimizeTarget Next(ReadOnlySpan<OptimizerTarget> targets, int number, ref int groups)
    {
        if (number >= targets.Length)
        {
            return new OptimizeTarget { FirstGroup = int.MaxValue };
        }
        OptimizerTarget target = targets[number];
        OptimizeTarget result = new()
        {
            Value = Floats(target.Value),
            Gradient = Floats(target.Gradient),
            First = Floats(target.First),
            Second = Floats(target.Second),
            Count = target.Count,
            FirstGroup = groups,
            Fours = InFours(target.Value) && InFours(target.Gradient) && InFours(target.First) && InFours(target.Second) ? 1 : 0,
            Rates = new OptimizeRates { Rate = target.Rate, Decay = target.Decay, Shrink = target.Shrink, RootScale = target.RootScale },
        };
        groups = checked(groups + (int)Pieces(target.Count, OptimizerKernels.Piece));
        return result;
    }
}
