using System.Runtime.CompilerServices;
using static HyperKernels.Gpu.Intrinsics;

namespace HyperKernels.Gpu;

/// <summary>What is the same for all targets of a step: <see cref="Backends.OptimizerStep"/>.</summary>
internal struct OptimizeStep
{
    public float Beta1;
    public float Rest1;
    public float Beta2;
    public float Rest2;
    public float Epsilon;
    public int Nesterov;
}

/// <summary>A target's own numbers: <see cref="Backends.OptimizerTarget"/>.</summary>
internal struct OptimizeRates
{
    public float Rate;
    public float Decay;
    public float Shrink;
    public float RootScale;
}

/// <summary>An element and its state after a step.</summary>
internal readonly struct OptimizedElement(float value, float first, float second)
{
    public readonly float Value = value;
    public readonly float First = first;
    public readonly float Second = second;
}

/// <summary>How a step changes one element.</summary>
internal interface IOptimizerRule
{
    static abstract OptimizedElement Update(OptimizeStep step, OptimizeRates rates, bool hasFirst, float value, float gradient, float first, float second);
}

/// <summary><see cref="Backends.OptimizerRule.Momentum"/>.</summary>
internal readonly struct MomentumRule : IOptimizerRule
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OptimizedElement Update(OptimizeStep step, OptimizeRates rates, bool hasFirst, float value, float gradient, float first, float second)
    {
        float g = Fma(rates.Decay, value, gradient);
        float m = first;
        if (hasFirst)
        {
            m = Fma(step.Beta1, first, g);
            g = step.Nesterov != 0 ? Fma(step.Beta1, m, g) : m;
        }
        return new OptimizedElement(Fma(-rates.Rate, g, value), m, second);
    }
}

/// <summary><see cref="Backends.OptimizerRule.Adam"/>.</summary>
internal readonly struct AdamRule : IOptimizerRule
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OptimizedElement Update(OptimizeStep step, OptimizeRates rates, bool hasFirst, float value, float gradient, float first, float second)
    {
        float p = value * rates.Shrink;
        float g = Fma(rates.Decay, p, gradient);
        float m = Fma(step.Rest1, g - first, first);
        float v = Fma(step.Rest2 * g, g, step.Beta2 * second);
        return new OptimizedElement(Fma(-rates.Rate, m / Fma(Sqrt(v), rates.RootScale, step.Epsilon), p), m, v);
    }
}

/// <summary><see cref="Backends.OptimizerRule.Average"/>.</summary>
internal readonly struct AverageRule : IOptimizerRule
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OptimizedElement Update(OptimizeStep step, OptimizeRates rates, bool hasFirst, float value, float gradient, float first, float second) =>
        new(Fma(step.Rest1, gradient - value, value), first, second);
}
