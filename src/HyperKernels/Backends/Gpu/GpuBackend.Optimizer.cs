using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    // Targets of one launch: their buffers are arguments, since a table in memory can hold no OpenCL buffers.
    private const int OptimizerTargets = 8;
    private const int OptimizerPiece = 1024;
    private const int TargetBuffers = 4;

    public void Optimize(OptimizerStep step, ReadOnlySpan<OptimizerTarget> targets)
    {
        OptimizerNumbers numbers = new(step);
        while (targets.Length > 0)
        {
            int count = Math.Min(targets.Length, OptimizerTargets);
            OptimizeSome(&numbers, targets[..count]);
            targets = targets[count..];
        }
    }

    // Kernels take whole gradients.
    public bool UsesUpProduct(int rows, int columns, int depth) => false;

    private void OptimizeSome(OptimizerNumbers* step, ReadOnlySpan<OptimizerTarget> targets)
    {
        OptimizerTable table = default;
        OptimizerArguments arguments = default;
        arguments[0] = KernelArgument.Of(step);
        arguments[1] = KernelArgument.Of(&table);
        int groups = 0;
        for (int i = 0; i < OptimizerTargets; i++)
        {
            OptimizerTarget target = i < targets.Length ? targets[i] : default;
            int at = 2 + (i * TargetBuffers);
            arguments[at] = target.Value;
            arguments[at + 1] = target.Gradient;
            arguments[at + 2] = target.First;
            arguments[at + 3] = target.Second;
            table.Counts[i] = target.Count;
            table.FirstGroups[i] = groups;
            table.Fours[i] = InFours(target.Value) && InFours(target.Gradient) && InFours(target.First) && InFours(target.Second) ? 1 : 0;
            table.Rates[i] = target.Rate;
            table.Decays[i] = target.Decay;
            table.Shrinks[i] = target.Shrink;
            table.RootScales[i] = target.RootScale;
            groups = checked(groups + (int)Pieces(target.Count, OptimizerPiece));
        }
        // A group finds the last target that begins at or before it; absent ones begin behind all.
        for (int i = targets.Length; i < OptimizerTargets; i++)
        {
            table.FirstGroups[i] = int.MaxValue;
        }
        ForGroups("optimizer/optimize", groups, arguments);
    }

    /// <summary>OPTIMIZER_STEP of <c>optimizer.c</c>.</summary>
    private readonly struct OptimizerNumbers(OptimizerStep step)
    {
        public readonly int Rule = (int)step.Rule;
        public readonly float Beta1 = step.Beta1;
        public readonly float Rest1 = step.Rest1;
        public readonly float Beta2 = step.Beta2;
        public readonly float Rest2 = step.Rest2;
        public readonly float Epsilon = step.Epsilon;
        public readonly int Nesterov = step.Nesterov ? 1 : 0;
    }

    /// <summary>OPTIMIZER_TABLE of <c>optimizer.c</c>.</summary>
    private struct OptimizerTable
    {
        public fixed long Counts[OptimizerTargets];
        public fixed int FirstGroups[OptimizerTargets];
        public fixed int Fours[OptimizerTargets];
        public fixed float Rates[OptimizerTargets];
        public fixed float Decays[OptimizerTargets];
        public fixed float Shrinks[OptimizerTargets];
        public fixed float RootScales[OptimizerTargets];
    }

    [InlineArray(2 + (OptimizerTargets * TargetBuffers))]
    private struct OptimizerArguments
    {
        private KernelArgument _first;
    }
}
