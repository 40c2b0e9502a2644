using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>A function of up to three values and two numbers that are the same for all elements.</summary>
internal interface IElementwise
{
    static abstract float Apply(float a, float b, float c, float p, float q);
}

/// <summary>A function of one value x.</summary>
internal interface IUnary
{
    static abstract float Apply(float x, float p, float q);
}

/// <summary>One whose gradient is a kernel too: from x, y = f(x) and the gradient g of y, whichever takes less work.</summary>
internal interface IUnaryGradient : IUnary
{
    static abstract float Gradient(float x, float y, float g, float p, float q);
}

/// <summary>The function itself.</summary>
internal readonly struct ValueOf<TOp> : IElementwise
    where TOp : struct, IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float a, float b, float c, float p, float q) => TOp.Apply(a, p, q);
}

/// <summary>Its gradient: a is x, b is y, c the gradient of y.</summary>
internal readonly struct GradientOf<TOp> : IElementwise
    where TOp : struct, IUnaryGradient
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float a, float b, float c, float p, float q) => TOp.Gradient(a, b, c, p, q);
}
