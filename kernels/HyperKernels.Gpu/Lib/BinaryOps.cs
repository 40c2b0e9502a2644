namespace HyperKernels.Gpu;

// The elementwise functions of two values, and the choice between two.

/// <summary><see cref="Backends.BinaryOp.Add"/>.</summary>
internal readonly struct AddOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => a + b;
}

/// <summary><see cref="Backends.BinaryOp.Subtract"/>.</summary>
internal readonly struct SubtractOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => a - b;
}

/// <summary><see cref="Backends.BinaryOp.Multiply"/>.</summary>
internal readonly struct MultiplyOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => a * b;
}

/// <summary><see cref="Backends.BinaryOp.Divide"/>.</summary>
internal readonly struct DivideOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => a / b;
}

/// <summary><see cref="Backends.BinaryOp.Power"/>.</summary>
internal readonly struct PowerOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => MathK.Pow(a, b);
}

/// <summary><see cref="Backends.BinaryOp.Minimum"/>.</summary>
internal readonly struct MinimumOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => MathK.Min(a, b);
}

/// <summary><see cref="Backends.BinaryOp.Maximum"/>.</summary>
internal readonly struct MaximumOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => MathK.Max(a, b);
}

/// <summary><see cref="Backends.BinaryOp.Less"/>.</summary>
internal readonly struct LessOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => a < b ? 1f : 0f;
}

/// <summary><see cref="Backends.BinaryOp.LessOrEqual"/>.</summary>
internal readonly struct LessOrEqualOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => a <= b ? 1f : 0f;
}

/// <summary>a b + c.</summary>
internal readonly struct MultiplyAddOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => Intrinsics.Fma(a, b, c);
}

/// <summary>b where the condition a is not zero, else c.</summary>
internal readonly struct WhereOp : IElementwise
{
    public static float Apply(float a, float b, float c, float p, float q) => a == 0f ? c : b;
}
