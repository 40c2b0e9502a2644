using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The conditioning of a generator that depends on nothing but its own parameters: one weight set, whatever the input is.</summary>
public sealed class Unconditional : Conditioning, IStoredLayer<Unconditional>
{
    static Unconditional() => LayerTypes.Register<Unconditional>();

    /// <inheritdoc/>
    public override int Size => 0;

    /// <summary>Gives the row of one weight set.</summary>
    /// <param name="values">None.</param>
    /// <returns><c>[1, 0]</c></returns>
    /// <exception cref="ArgumentException">There are conditions.</exception>
    public override Tensor Forward(params ReadOnlySpan<Tensor> values) => values.Length == 0
        ? Tensor.Zeros([1, 0])
        : throw new ArgumentException($"Unconditional: the weights depend on no condition; got values of {values.Length}.", nameof(values));

    /// <inheritdoc/>
    public override Tensor[] FromNumbers(ReadOnlySpan<float> numbers) => numbers.Length == 0
        ? []
        : throw new ArgumentException($"Unconditional: the weights depend on no condition; got {numbers.Length} numbers.", nameof(numbers));

    static string IStoredLayer<Unconditional>.TypeName => "Unconditional";

    static Unconditional IStoredLayer<Unconditional>.Read(LayerSettings settings) => new();

    void IStoredLayer<Unconditional>.WriteSettings(LayerSettings settings)
    {
    }
}
