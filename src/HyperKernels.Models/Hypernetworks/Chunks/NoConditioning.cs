using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The conditioning of a hypernetwork that reads nothing: one row of ones, whatever the sample.</summary>
public sealed class NoConditioning : Conditioning, IStoredLayer<NoConditioning>
{
    static NoConditioning() => LayerTypes.Register<NoConditioning>();

    /// <summary>Makes it.</summary>
    /// <param name="size">The number of ones.</param>
    /// <exception cref="ArgumentException">The size is below 1.</exception>
    public NoConditioning(int size) =>
        Size = size >= 1 ? size : throw new ArgumentException($"NoConditioning: at least one number is needed; got {size}.", nameof(size));

    /// <inheritdoc/>
    public override int Size { get; }

    /// <inheritdoc/>
    public override Tensor Forward(params ReadOnlySpan<Tensor> values) => values.Length == 0
        ? Tensor.Ones([1, Size])
        : throw new ArgumentException($"NoConditioning: the weights depend on no condition; got {values.Length}.", nameof(values));

    /// <inheritdoc/>
    public override Tensor[] FromNumbers(ReadOnlySpan<float> numbers) => numbers.Length == 0
        ? []
        : throw new ArgumentException($"NoConditioning: the weights depend on no condition; got {numbers.Length} numbers.", nameof(numbers));

    static string IStoredLayer<NoConditioning>.TypeName => "NoConditioning";

    static NoConditioning IStoredLayer<NoConditioning>.Read(LayerSettings settings) => new(settings.Int("size"));

    void IStoredLayer<NoConditioning>.WriteSettings(LayerSettings settings) => settings.Set("size", Size);
}
