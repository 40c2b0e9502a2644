namespace HyperKernels.Layers;

/// <summary>
/// The first part of a hypernetwork: turns the values of its conditions into one row of numbers per weight set. The usual one is
/// <see cref="DeclaredConditioning"/>; derive from it to read images, graphs or anything else.
/// </summary>
public abstract class Conditioning : Layer
{
    /// <summary>Z: the numbers per row that come out.</summary>
    public abstract int Size { get; }

    /// <summary>Prepares the values of all conditions.</summary>
    /// <param name="values">One tensor per condition, C rows each.</param>
    /// <returns><c>[C, Size]</c>, one row per weight set.</returns>
    /// <exception cref="ArgumentException">The number of tensors, a shape or a number of rows does not fit; the message names the condition.</exception>
    public abstract Tensor Forward(params ReadOnlySpan<Tensor> values);

    /// <summary>Makes the values for one weight set from plain numbers: what <see cref="HyperNetwork.Materialize(ReadOnlySpan{float})"/> takes.</summary>
    /// <param name="numbers">The numbers of all conditions, in order.</param>
    /// <returns>What <see cref="Forward"/> takes, one row each.</returns>
    /// <exception cref="ArgumentException">There are too few numbers or too many, or one lies outside its range.</exception>
    public abstract Tensor[] FromNumbers(ReadOnlySpan<float> numbers);
}
