using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Applies a function chosen by name to every element.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="activation">Which function.</param>
    /// <param name="parameter">The slope, alpha or frequency of <see cref="Activation.LeakyRelu"/>, <see cref="Activation.Elu"/>, <see cref="Activation.Sine"/>; others do without.</param>
    /// <returns>The shape of <paramref name="x"/>; the same tensor for <see cref="Activation.None"/>.</returns>
    /// <exception cref="ArgumentException">x holds integers, or there is no such function.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor Activate(Tensor x, Activation activation, float parameter = 0)
    {
        CheckFloat("Activate", x);
        return activation == Activation.None ? x : Unary("Activate", UnaryOf(activation), x, parameter);
    }

    /// <summary>
    /// The gradient behind an activation that ran inside another op, in one pass; not to be differentiated again. For None, Relu, LeakyRelu
    /// with a slope of at least 0, Tanh and Sigmoid the output y may be given for x.
    /// </summary>
    internal static Tensor ActivationGradient(Activation activation, Tensor x, Tensor y, Tensor gradient, float parameter) =>
        activation == Activation.None ? gradient : Fused(UnaryOf(activation), x, y, gradient, parameter, 0);

    private static UnaryOp UnaryOf(Activation activation)
    {
        switch (activation)
        {
            case Activation.Relu:
                return UnaryOp.Relu;
            case Activation.LeakyRelu:
                return UnaryOp.LeakyRelu;
            case Activation.Elu:
                return UnaryOp.Elu;
            case Activation.Tanh:
                return UnaryOp.Tanh;
            case Activation.Sigmoid:
                return UnaryOp.Sigmoid;
            case Activation.Silu:
                return UnaryOp.Silu;
            case Activation.Softplus:
                return UnaryOp.Softplus;
            case Activation.Gelu:
                return UnaryOp.Gelu;
            case Activation.GeluTanh:
                return UnaryOp.GeluTanh;
            case Activation.Sine:
                return UnaryOp.Sine;
            default:
                Throw.Argument($"Activate: there is no activation {activation}.");
                return default;
        }
    }
}
