using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Applies a function to every element.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="activation">Which function.</param>
    /// <returns>The shape of <paramref name="x"/>; the same tensor for <see cref="Activation.None"/>.</returns>
    /// <exception cref="ArgumentException">x holds integers.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor Activate(Tensor x, Activation activation)
    {
        CheckFloat("Activate", x);
        return activation.Kind == ActivationKind.None ? x : Unary("Activate", UnaryOf(activation.Kind), x, activation.Parameter);
    }

    // None has no function of its own: callers return before they ask.
    private static UnaryOp UnaryOf(ActivationKind kind) => kind switch
    {
        ActivationKind.Relu => UnaryOp.Relu,
        ActivationKind.LeakyRelu => UnaryOp.LeakyRelu,
        ActivationKind.Elu => UnaryOp.Elu,
        ActivationKind.Tanh => UnaryOp.Tanh,
        ActivationKind.Sigmoid => UnaryOp.Sigmoid,
        ActivationKind.Silu => UnaryOp.Silu,
        ActivationKind.Softplus => UnaryOp.Softplus,
        ActivationKind.Gelu => UnaryOp.Gelu,
        ActivationKind.GeluTanh => UnaryOp.GeluTanh,
        ActivationKind.Sine => UnaryOp.Sine,
        _ => Throw.Argument<UnaryOp>($"Ops: the activation must be one of {nameof(ActivationKind)}; got {kind}."),
    };
}
