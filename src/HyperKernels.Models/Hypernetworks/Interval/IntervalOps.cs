namespace HyperKernels.Models;

/// <summary>
/// The layers of a network whose weights and activations are intervals. With inputs <c>x >= 0</c> and weights split into positive and negative
/// parts, <c>y_l = x_l W_l+ + x_u W_l- + b_l</c>, <c>y_u = x_u W_u+ + x_l W_u- + b_u</c>, <c>y_m = x_m W_m + b_m</c>; convolutions likewise.
/// </summary>
/// <remarks>
/// Where the input is a point, the two products of an end are one: <c>x W_l+ + x W_l- = x W_l</c>. Source: Krukowski and others, arXiv 2405.15444,
/// and the authors' code, gmum/HyperInterval, after InterContiNet (Wolczyk and others, ICML 2022).
/// </remarks>
public static class IntervalOps
{
    /// <summary>A dense layer.</summary>
    /// <param name="input"><c>[B, ..., I]</c>, at least 0.</param>
    /// <param name="weight"><c>[O, I]</c>, or C sets of it, C dividing B: each serves B / C consecutive samples.</param>
    /// <param name="bias"><c>[O]</c> or <c>[C, O]</c>; null for none.</param>
    /// <returns><c>[B, ..., O]</c></returns>
    /// <exception cref="ArgumentException">The input may be negative, or a shape does not fit.</exception>
    public static IntervalTensor Linear(IntervalTensor input, IntervalTensor weight, IntervalTensor? bias = null) =>
        Product("Linear", input, weight, bias, 0, static (x, w, b, _) => Ops.Linear(x, w, b));

    /// <summary>A convolution over two axes.</summary>
    /// <param name="input"><c>[B, I, H, W]</c>, at least 0.</param>
    /// <param name="weight"><c>[O, I / groups, KH, KW]</c>, or C sets of it.</param>
    /// <param name="bias"><c>[O]</c> or <c>[C, O]</c>; null for none.</param>
    /// <param name="options">Stride, padding, dilation, groups.</param>
    /// <returns><c>[B, O, H', W']</c></returns>
    /// <exception cref="ArgumentException">The input may be negative, or a shape does not fit.</exception>
    public static IntervalTensor Conv2d(IntervalTensor input, IntervalTensor weight, IntervalTensor? bias = null, Conv2dOptions options = default) =>
        Product("Conv2d", input, weight, bias, options, static (x, w, b, o) => Ops.Conv2d(x, w, b, o));

    /// <summary>An activation that never falls.</summary>
    /// <exception cref="ArgumentException">It falls somewhere, as GELU, SiLU and the sine do.</exception>
    public static IntervalTensor Activate(IntervalTensor input, Activation activation)
    {
        CheckMonotone(activation, "IntervalOps.Activate");
        // None of them takes a number of at least 0 below it.
        bool isNonNegative = input.IsNonNegative || activation.Kind is ActivationKind.Relu or ActivationKind.Sigmoid or ActivationKind.Softplus;
        return activation.Kind == ActivationKind.None ? input : input.Map(x => Ops.Activate(x, activation), isNonNegative);
    }

    /// <summary>Refuses an activation whose ends are not those of its argument.</summary>
    internal static void CheckMonotone(Activation activation, string where)
    {
        bool rises = activation.Kind switch
        {
            ActivationKind.None or ActivationKind.Relu or ActivationKind.Tanh or ActivationKind.Sigmoid or ActivationKind.Softplus => true,
            ActivationKind.LeakyRelu or ActivationKind.Elu => activation.Parameter >= 0,
            _ => false,
        };
        if (!rises)
        {
            throw new ArgumentException(
                $"{where}: the activation must never fall, or the ends of an interval are not the ends of what comes out; got {activation}. "
                + "Use ReLU, leaky ReLU, ELU, tanh, the sigmoid or softplus.",
                nameof(activation));
        }
    }

    private static IntervalTensor Product<TOptions>(
        string name, IntervalTensor input, IntervalTensor weight, IntervalTensor? bias, TOptions options, Func<Tensor, Tensor, Tensor?, TOptions, Tensor> apply)
    {
        if (!input.IsNonNegative)
        {
            throw new ArgumentException(
                $"IntervalOps.{name}: the input must be at least 0, for the ends of the products to be what they are; nothing says so of this one. "
                + "Put ReLU, the sigmoid or softplus before it, or say so where the interval is made (isNonNegative).",
                nameof(input));
        }
        Tensor middle = apply(input.Middle, weight.Middle, bias?.Middle, options);
        return weight.IsPoint && input.IsPoint && (bias is null || bias.Value.IsPoint)
            ? IntervalTensor.Of(middle)
            : new IntervalTensor(End(input.Lower, input.Upper, weight.Lower, bias?.Lower), middle, End(input.Upper, input.Lower, weight.Upper, bias?.Upper));

        // Positive weights reach an end from the same end of the input, negative ones from the other.
        Tensor End(Tensor same, Tensor other, Tensor end, Tensor? endBias)
        {
            if (input.IsPoint)
            {
                return apply(same, end, endBias, options);
            }
            Tensor positive = Ops.Relu(end);
            return Ops.Add(apply(same, positive, endBias, options), apply(other, Ops.Subtract(end, positive), null, options));
        }
    }
}
