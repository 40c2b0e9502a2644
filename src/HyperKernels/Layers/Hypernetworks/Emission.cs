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

    private protected LayerSettings WriteParts(LayerSettings settings)
    {
        Manifest.Write(settings);
        return settings.Set("width", Width).Set("base", HasBase);
    }

    /// <summary>Generates the weights of every entry of the manifest. What can stay factored does: layers then need not have them in memory.</summary>
    /// <param name="embedding">The prepared conditions <c>[C, Z]</c>.</param>
    /// <param name="generator">The layer before the emission.</param>
    /// <param name="weights">Written: one per entry, of C sets, or of one that serves all samples if C is 1.</param>
    public abstract void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights);

    /// <summary>Generates weight sets end to end.</summary>
    /// <param name="embedding">The prepared conditions <c>[C, Z]</c>.</param>
    /// <param name="generator">The layer before the emission.</param>
    /// <returns><c>[C, P]</c>, the tensors of the manifest one behind the other.</returns>
    public virtual Tensor Flat(Tensor embedding, TensorLayer generator)
    {
        Weight[] weights = new Weight[Manifest.Entries.Count];
        Generate(embedding, generator, weights);
        int sets = embedding.Shape[0];
        return Ops.Concatenate(1, Array.ConvertAll(weights, weight => Ops.Reshape(weight.Materialize(), sets, -1)));
    }
}
