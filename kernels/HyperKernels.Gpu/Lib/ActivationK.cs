using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>Activations in kernels.</summary>
internal static class ActivationK
{
    /// <summary>The activation's value.</summary>
    /// <param name="kind">The number of its <see cref="ActivationKind"/>.</param>
    /// <param name="x">Its argument.</param>
    /// <param name="parameter">The slope, scale or frequency, where there is one.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(int kind, float x, float parameter)
    {
        float y = x;
        if (kind == (int)ActivationKind.Relu)
        {
            y = MathK.Max(x, 0f);
        }
        else if (kind == (int)ActivationKind.LeakyRelu)
        {
            y = x < 0f ? x * parameter : x;
        }
        else if (kind == (int)ActivationKind.Elu)
        {
            y = x < 0f ? MathK.Expm1(x) * parameter : x;
        }
        else if (kind == (int)ActivationKind.Tanh)
        {
            y = MathK.Tanh(x);
        }
        else if (kind == (int)ActivationKind.Sigmoid)
        {
            y = MathK.Sigmoid(x);
        }
        else if (kind == (int)ActivationKind.Silu)
        {
            y = x * MathK.Sigmoid(x);
        }
        else if (kind == (int)ActivationKind.Softplus)
        {
            y = MathK.Softplus(x);
        }
        else if (kind == (int)ActivationKind.Gelu)
        {
            y = MathK.Gelu(x);
        }
        else if (kind == (int)ActivationKind.GeluTanh)
        {
            y = MathK.GeluTanh(x);
        }
        else if (kind == (int)ActivationKind.Sine)
        {
            y = MathK.Sin(x * parameter);
        }
        return y;
    }
}
