namespace HyperKernels.Layers;

/// <summary>A function applied to every element, as a layer; it has no parameters to train.</summary>
public abstract class ActivationLayer : TensorLayer, IStoredLayer<ActivationLayer>
{
    private protected ActivationLayer(Activation activation) => Activation = activation;

    /// <summary>The function with its parameter.</summary>
    public Activation Activation { get; }

    /// <summary>The layer that applies a function.</summary>
    /// <exception cref="ArgumentException">The function is <see cref="ActivationKind.None"/>, which needs no layer.</exception>
    public static ActivationLayer Of(Activation activation)
    {
        if (activation.Kind == ActivationKind.None)
        {
            Throw.Argument("ActivationLayer.Of: there is no layer that changes nothing; leave it out.");
        }
        return activation.Kind switch
        {
            ActivationKind.Relu => new Relu(),
            ActivationKind.LeakyRelu => new LeakyRelu(activation.Parameter),
            ActivationKind.Elu => new Elu(activation.Parameter),
            ActivationKind.Tanh => new Tanh(),
            ActivationKind.Sigmoid => new Sigmoid(),
            ActivationKind.Silu => new Silu(),
            ActivationKind.Softplus => new Softplus(),
            ActivationKind.Gelu => new Gelu(),
            ActivationKind.GeluTanh => new GeluTanh(),
            _ => new Sine(activation.Parameter),
        };
    }

    /// <summary>Applies the function to every element.</summary>
    /// <param name="input">Any shape.</param>
    /// <returns>The shape of the input.</returns>
    public override Tensor Forward(Tensor input) => Ops.Activate(input, Activation);

    /// <inheritdoc/>
    protected override string Describe() => Activation.ToString();

    static string IStoredLayer<ActivationLayer>.TypeName => "Activation";

    static ActivationLayer IStoredLayer<ActivationLayer>.Read(LayerSettings settings) => Of(settings.Activation());

    void IStoredLayer<ActivationLayer>.WriteSettings(LayerSettings settings) => settings.SetActivation(Activation);
}

/// <summary><c>max(x, 0)</c></summary>
public sealed class Relu() : ActivationLayer(Activation.Relu);

/// <summary><c>x</c> where positive, else <c>slope x</c>.</summary>
/// <param name="slope">The slope below zero.</param>
public sealed class LeakyRelu(float slope = Activation.DefaultSlope) : ActivationLayer(Activation.LeakyRelu(slope));

/// <summary><c>tanh x</c></summary>
public sealed class Tanh() : ActivationLayer(Activation.Tanh);

/// <summary><c>1 / (1 + e^-x)</c></summary>
public sealed class Sigmoid() : ActivationLayer(Activation.Sigmoid);

/// <summary><c>x (1 + erf(x / sqrt 2)) / 2</c></summary>
public sealed class Gelu() : ActivationLayer(Activation.Gelu);

/// <summary><c>x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2</c></summary>
public sealed class GeluTanh() : ActivationLayer(Activation.GeluTanh);

/// <summary><c>x / (1 + e^-x)</c></summary>
public sealed class Silu() : ActivationLayer(Activation.Silu);

/// <summary><c>x</c> where positive, else <c>alpha (e^x - 1)</c>.</summary>
/// <param name="alpha">What the function tends to far below zero, negated.</param>
public sealed class Elu(float alpha = Activation.DefaultAlpha) : ActivationLayer(Activation.Elu(alpha));

/// <summary><c>log(1 + e^x)</c></summary>
public sealed class Softplus() : ActivationLayer(Activation.Softplus);

/// <summary><c>sin(omega x)</c>, as in SIREN.</summary>
/// <param name="omega">The frequency.</param>
/// <remarks>Source: Sitzmann et al., NeurIPS 2020. Draw weights with <see cref="Initializer.Siren"/>.</remarks>
public sealed class Sine(float omega = Activation.DefaultOmega) : ActivationLayer(Activation.Sine(omega));
