namespace HyperKernels.Layers;

/// <summary>
/// The last part of a hypernetwork: turns the generator's output into flat weight sets. <c>theta = theta0 + W h</c> in one of several
/// plans; theta0 (the base weights) does not depend on the condition.
/// </summary>
public abstract class Emission : Layer
{
    /// <summary>Starts an emission for a manifest.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">H, the numbers per row that the generator gives.</param>
    /// <param name="hasBase">Whether there are base weights.</param>
    /// <exception cref="ArgumentException">width is below 1.</exception>
    protected Emission(TargetManifest manifest, int width, bool hasBase)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        if (width < 1)
        {
            Throw.Argument($"Emission: the generator must give at least one number per row; got {width}. Set GeneratorOutputs beside a generator of your own.");
        }
        Manifest = manifest;
        Width = width;
        HasBase = hasBase;
    }

    /// <summary>What is generated.</summary>
    public TargetManifest Manifest { get; }

    /// <summary>H: the numbers per row that the generator gives.</summary>
    public int Width { get; }

    /// <summary>Whether there are base weights theta0.</summary>
    public bool HasBase { get; }

    /// <summary>Generates weight sets.</summary>
    /// <param name="embedding">The prepared conditions <c>[C, Z]</c>.</param>
    /// <param name="generator">The layer before the emission.</param>
    /// <returns><c>[C, P]</c>, the tensors of the manifest end to end.</returns>
    public abstract Tensor Flat(Tensor embedding, Layer generator);

    /// <summary>Generates weight sets, cut into the manifest's tensors.</summary>
    /// <param name="embedding">The prepared conditions <c>[C, Z]</c>.</param>
    /// <param name="generator">The layer before the emission.</param>
    /// <returns>One <c>[C, count]</c> per entry; rows may be strided.</returns>
    public Tensor[] Pieces(Tensor embedding, Layer generator)
    {
        Tensor[] pieces = new Tensor[Manifest.Entries.Count];
        Pieces(embedding, generator, pieces);
        return pieces;
    }

    /// <summary>As <see cref="Pieces(Tensor, Layer)"/>, into a span of the caller's: allocates nothing.</summary>
    internal virtual void Pieces(Tensor embedding, Layer generator, Span<Tensor> pieces) =>
        Ops.Split(Flat(embedding, generator), 1, Manifest.Lengths, pieces);
}
