using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The conditioning of a generator that reads nothing but a trained vector: one weight set, whatever the input is.</summary>
public sealed class LatentVector : Conditioning, IStoredLayer<LatentVector>
{
    static LatentVector() => LayerTypes.Register<LatentVector>();

    /// <summary>Makes the vector.</summary>
    /// <param name="size">Its numbers m.</param>
    /// <param name="deviation">Of its first values, which are normal; 0 makes zeros.</param>
    /// <param name="random">Where they come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">The size is below 1.</exception>
    public LatentVector(int size, float deviation = 1, RandomStream? random = null)
    {
        if (size < 1)
        {
            throw new ArgumentException($"LatentVector: at least one number is needed; got {size}.", nameof(size));
        }
        Values = AddParameter("values", [1, size], deviation == 0 ? Initializer.Zeros : Initializer.Normal(0, deviation), random, ParameterRole.Table);
    }

    /// <summary>The numbers, <c>[1, m]</c>.</summary>
    public Parameter Values { get; }

    /// <inheritdoc/>
    public override int Size => Values.Shape[1];

    /// <summary>Gives the vector.</summary>
    /// <param name="values">None.</param>
    /// <returns><c>[1, m]</c></returns>
    /// <exception cref="ArgumentException">There are conditions.</exception>
    public override Tensor Forward(params ReadOnlySpan<Tensor> values) => values.Length == 0
        ? Values.Value
        : throw new ArgumentException($"LatentVector: the weights depend on no condition; got values of {values.Length}.", nameof(values));

    /// <inheritdoc/>
    public override Tensor[] FromNumbers(ReadOnlySpan<float> numbers) => numbers.Length == 0
        ? []
        : throw new ArgumentException($"LatentVector: the weights depend on no condition; got {numbers.Length} numbers.", nameof(numbers));

    static string IStoredLayer<LatentVector>.TypeName => "LatentVector";

    static LatentVector IStoredLayer<LatentVector>.Read(LayerSettings settings) => new(settings.Int("size"), 0);

    void IStoredLayer<LatentVector>.WriteSettings(LayerSettings settings) => settings.Set("size", Size);
}
