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
        CheckActivation("Activate", activation);
        return activation == Activation.None ? x : Unary("Activate", UnaryOf(activation), x, parameter);
    }

    /// <summary>
    /// The gradient behind an activation that ran inside another op, in one pass; not to be differentiated again. For None, Relu, LeakyRelu
    /// with a slope of at least 0, Tanh and Sigmoid the output y may be given for x.
    /// </summary>
    internal static Tensor ActivationGradient(Activation activation, Tensor x, Tensor y, Tensor gradient, float parameter) =>
        activation == Activation.None ? gradient : Fused(UnaryOf(activation), x, y, gradient, parameter, 0);

    private static void CheckActivation(string name, Activation activation)
    {
        if (activation is < Activation.None or > Activation.Sine)
        {
            Throw.Argument($"{name}: there is no activation {activation}.");
        }
    }

    // None has no function of its own: callers return before they ask.
    private static UnaryOp UnaryOf(Activation activation) => activation switch
    {
        Activation.Relu => UnaryOp.Relu,
        Activation.LeakyRelu => UnaryOp.LeakyRelu,
        Activation.Elu => UnaryOp.Elu,
        Activation.Tanh => UnaryOp.Tanh,
        Activation.Sigmoid => UnaryOp.Sigmoid,
        Activation.Silu => UnaryOp.Silu,
        Activation.Softplus => UnaryOp.Softplus,
        Activation.Gelu => UnaryOp.Gelu,
        Activation.GeluTanh => UnaryOp.GeluTanh,
        Activation.Sine => UnaryOp.Sine,
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };
}
