namespace HyperKernels.Layers;

/// <summary>One head per tensor: a linear layer each, so that every tensor has parameters (and, if wanted, training options) of its own.</summary>
public sealed class HeadsEmission : Emission
{
    private readonly Parameter[] _weights;
    private readonly Parameter?[] _bases;

    /// <summary>Makes the heads.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">H, the generator's outputs.</param>
    /// <param name="scheme">Draws the rows of every tensor and gives the base weights.</param>
    /// <param name="random">Where draws come from; null means <see cref="Initializer.Random"/>.</param>
    public HeadsEmission(TargetManifest manifest, int width, EmissionScheme scheme, RandomStream? random = null)
        : base(manifest, width, scheme?.HasBase ?? false)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        _weights = new Parameter[manifest.Entries.Count];
        _bases = new Parameter?[manifest.Entries.Count];
        for (int i = 0; i < _weights.Length; i++)
        {
            ManifestEntry entry = manifest.Entries[i];
            string name = entry.Name.Replace('.', '_');
            _weights[i] = AddParameter($"{name}_weight", [entry.Count, width], Initializer.Zeros, random);
            _weights[i].Load(scheme.Rows(entry, width, random));
            if (scheme.HasBase)
            {
                _bases[i] = AddParameter($"{name}_theta0", [entry.Count], Initializer.Zeros, random, ParameterRole.Bias, _weights[i]);
                _bases[i]!.Load(scheme.Base(entry) ?? new float[entry.Count]);
            }
        }
    }

    /// <inheritdoc/>
    public override Tensor Flat(Tensor embedding, Layer generator) => Ops.Concatenate(1, Pieces(embedding, generator));

    /// <inheritdoc/>
    public override Tensor[] Pieces(Tensor embedding, Layer generator)
    {
        Tensor hidden = generator.Forward(embedding);
        return [.. _weights.Select((weight, i) => Ops.Linear(hidden, weight.Value, _bases[i]?.Value))];
    }
}
