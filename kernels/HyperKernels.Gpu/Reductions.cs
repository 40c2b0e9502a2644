using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary><c>sum x</c></summary>
internal struct Sum : IReduction
{
    public static float Empty => 0;

    public static bool HasCenter => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Step(float sum, float x, float center) => sum + x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Join(float a, float b) => a + b;
}

/// <summary><c>sum |x|</c></summary>
internal struct SumAbs : IReduction
{
    public static float Empty => 0;

    public static bool HasCenter => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Step(float sum, float x, float center) => sum + MathK.Abs(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Join(float a, float b) => a + b;
}

/// <summary><c>sum x^2</c></summary>
internal struct SumSquares : IReduction
{
    public static float Empty => 0;

    public static bool HasCenter => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Step(float sum, float x, float center) => Intrinsics.Fma(x, x, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Join(float a, float b) => a + b;
}

/// <summary><c>sum (x - center)^2</c></summary>
internal struct SumSquaredDeviations : IReduction
{
    public static float Empty => 0;

    public static bool HasCenter => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Step(float sum, float x, float center) => Intrinsics.Fma(x - center, x - center, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Join(float a, float b) => a + b;
}

/// <summary><c>sum e^(x - center)</c></summary>
internal struct SumExp : IReduction
{
    public static float Empty => 0;

    public static bool HasCenter => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Step(float sum, float x, float center) => sum + MathK.Exp(x - center);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Join(float a, float b) => a + b;
}

/// <summary>The largest; NaN if there is one.</summary>
internal struct Largest : IReduction
{
    public static float Empty => float.NegativeInfinity;

    public static bool HasCenter => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Step(float sum, float x, float center) => MathK.Max(sum, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Join(float a, float b) => MathK.Max(a, b);
}

/// <summary>The smallest; NaN if there is one.</summary>
internal struct Smallest : IReduction
{
    public static float Empty => float.PositiveInfinity;

    public static bool HasCenter => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Step(float sum, float x, float center) => MathK.Min(sum, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Join(float a, float b) => MathK.Min(a, b);
}
