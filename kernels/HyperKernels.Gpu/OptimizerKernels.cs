using System.Runtime.CompilerServices;
using HyperKernels.Backends;
using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>Optimiser steps over up to eight tensors in one launch, with the processor's arithmetic. The formulas stand at <see cref="OptimizerRule"/>.</summary>
internal static class OptimizerKernels
{
    /// <summary>Elements of a group: four for each thread.</summary>
    public const int Piece = 1024;

    /// <summary>One step of a rule for all targets.   Launch: a group per piece of 1024 elements of each target; targets without elements have none.</summary>
    [Kernel]
    public static void Optimize<TRule>(OptimizeArguments p)
        where TRule : struct, IOptimizerRule
    {
        OptimizeTarget target = Find(p, Threads.Group);
        long start = ((long)(Threads.Group - target.FirstGroup) * Piece) + (4 * Threads.Local);
        bool hasFirst = target.First.Length > 0;
        bool hasSecond = target.Second.Length > 0;
        if (target.Fours != 0 && start + 4 <= target.Count)
        {
            long at = start >> 2;
            F4 value = target.Value.Cast<F4>()[at];
            F4 gradient = target.Gradient.Cast<F4>()[at];
            F4 first = F4.All(0f);
            F4 second = F4.All(0f);
            if (hasFirst)
            {
                first = target.First.Cast<F4>()[at];
            }
            if (hasSecond)
            {
                second = target.Second.Cast<F4>()[at];
            }
            OptimizedElement x = TRule.Update(p.Step, target.Rates, hasFirst, value.X, gradient.X, first.X, second.X);
            OptimizedElement y = TRule.Update(p.Step, target.Rates, hasFirst, value.Y, gradient.Y, first.Y, second.Y);
            OptimizedElement z = TRule.Update(p.Step, target.Rates, hasFirst, value.Z, gradient.Z, first.Z, second.Z);
            OptimizedElement w = TRule.Update(p.Step, target.Rates, hasFirst, value.W, gradient.W, first.W, second.W);
            target.Value.Cast<F4>()[at] = new F4(x.Value, y.Value, z.Value, w.Value);
            if (hasFirst)
            {
                target.First.Cast<F4>()[at] = new F4(x.First, y.First, z.First, w.First);
            }
            if (hasSecond)
            {
                target.Second.Cast<F4>()[at] = new F4(x.Second, y.Second, z.Second, w.Second);
            }
        }
        else
        {
            for (long i = start; i < start + 4 && i < target.Count; i++)
            {
                float first = 0f;
                float second = 0f;
                if (hasFirst)
                {
                    first = target.First[i];
                }
                if (hasSecond)
                {
                    second = target.Second[i];
                }
                OptimizedElement x = TRule.Update(p.Step, target.Rates, hasFirst, target.Value[i], target.Gradient[i], first, second);
                target.Value[i] = x.Value;
                if (hasFirst)
                {
                    target.First[i] = x.First;
                }
                if (hasSecond)
                {
                    target.Second[i] = x.Second;
                }
            }
        }
    }

    // The last target that begins at or before a group; absent ones begin behind all.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static OptimizeTarget Find(OptimizeArguments p, int group)
    {
        OptimizeTarget target = p.Target0;
        target = Later(target, p.Target1, group);
        target = Later(target, p.Target2, group);
        target = Later(target, p.Target3, group);
        target = Later(target, p.Target4, group);
        target = Later(target, p.Target5, group);
        target = Later(target, p.Target6, group);
        return Later(target, p.Target7, group);
    }

    // Chosen field by field: one branch over all of them would keep a compiler from finding the target once for a group.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static OptimizeTarget Later(OptimizeTarget before, OptimizeTarget next, int group)
    {
        bool isNext = next.FirstGroup <= group;
        before.Value = isNext ? next.Value : before.Value;
        before.Gradient = isNext ? next.Gradient : before.Gradient;
        before.First = isNext ? next.First : before.First;
        before.Second = isNext ? next.Second : before.Second;
        before.Count = isNext ? next.Count : before.Count;
        before.FirstGroup = isNext ? next.FirstGroup : before.FirstGroup;
        before.Fours = isNext ? next.Fours : before.Fours;
        before.Rates.Rate = isNext ? next.Rates.Rate : before.Rates.Rate;
        before.Rates.Decay = isNext ? next.Rates.Decay : before.Rates.Decay;
        before.Rates.Shrink = isNext ? next.Rates.Shrink : before.Rates.Shrink;
        before.Rates.RootScale = isNext ? next.Rates.RootScale : before.Rates.RootScale;
        return before;
    }
}

/// <summary>Arguments of <see cref="OptimizerKernels.Optimize"/>.</summary>
internal struct OptimizeArguments
{
    public OptimizeStep Step;
    public OptimizeTarget Target0;
    public OptimizeTarget Target1;
    public OptimizeTarget Target2;
    public OptimizeTarget Target3;
    public OptimizeTarget Target4;
    public OptimizeTarget Target5;
    public OptimizeTarget Target6;
    public OptimizeTarget Target7;
}

/// <summary>One tensor to change, with its gradient and state; state that a rule does not keep is absent.</summary>
internal struct OptimizeTarget
{
    public ArrayView<float> Value;
    public ArrayView<float> Gradient;
    public ArrayView<float> First;
    public ArrayView<float> Second;
    public long Count;

    /// <summary>The group that begins it; its pieces follow one another.</summary>
    public int FirstGroup;

    /// <summary>Whether all that it has lies at multiples of 16 bytes.</summary>
    public int Fours;
    public OptimizeRates Rates;
}
