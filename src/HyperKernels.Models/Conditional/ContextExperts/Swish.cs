using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Swish with a trained steepness: <c>y = x sigmoid(beta x)</c>.</summary>
/// <remarks>beta is drawn from (0.01, 1). Source: Ramachandran, Zoph, Le, Searching for Activation Functions, arXiv 1710.05941.</remarks>
public sealed class Swish : TensorLayer, IStoredLayer<Swish>
{
    static Swish() => LayerTypes.Register<Swish>();

    /// <summary>Makes the function.</summary>
    /// <param name="random">Draws beta; null means <see cref="Initializer.Random"/>.</param>
    public Swish(RandomStream? random = null) => Beta = AddParameter("beta", [1], Initializer.Uniform(0.01f, 1), random, ParameterRole.Gain);

    /// <summary>The steepness, <c>[1]</c>.</summary>
    public Parameter Beta { get; }

    /// <summary>Applies the function to every element.</summary>
    /// <param name="input">Any shape.</param>
    /// <returns>The shape of the input.</returns>
    public override Tensor Forward(Tensor input) => Ops.Multiply(input, Ops.Sigmoid(Ops.Multiply(input, Beta.Value)));

    static string IStoredLayer<Swish>.TypeName => "Swish";

    static Swish IStoredLayer<Swish>.Read(LayerSettings settings) => new();

    void IStoredLayer<Swish>.WriteSettings(LayerSettings settings)
    {
    }
}
