using System.Buffers;

namespace HyperKernels.Layers;

/// <summary>All weights at once: one linear layer from the generator's H outputs to all P values.</summary>
public sealed class FullEmission : Emission, IStoredLayer<FullEmission>
{
    /// <summary>Makes the layer.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">H, the generator's outputs.</param>
    /// <param name="scheme">Draws the rows of every tensor and gives the base weights.</param>
    /// <param name="random">Where draws come from; null means <see cref="Initializer.Random"/>.</param>
    public FullEmission(TargetManifest manifest, int width, EmissionScheme scheme, RandomStream? random = null)
        : base(manifest, width, scheme?.HasBase ?? false)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        Weight = AddParameter("weight", [manifest.Count, width], Initializer.Zeros, random);
        float[] rows = new float[(long)manifest.Count * width];
        float[] bases = new float[manifest.Count];
        foreach (ManifestEntry entry in manifest.Entries)
        {
            scheme.Rows(entry, width, random).CopyTo(rows, (long)entry.Offset * width);
            scheme.Base(entry)?.CopyTo(bases, entry.Offset);
        }
        Weight.Load(rows);
        if (scheme.HasBase)
        {
            Theta0 = AddParameter("theta0", [manifest.Count], Initializer.Zeros, random, ParameterRole.Bias, Weight);
            Theta0.Load(bases);
        }
    }

    /// <summary><c>[P, H]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>The base weights <c>[P]</c>, or null.</summary>
    public Parameter? Theta0 { get; }

    /// <inheritdoc/>
    public override Tensor Flat(Tensor embedding, TensorLayer generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        return Ops.Linear(generator.Forward(embedding), Weight.Value, Theta0?.Value);
    }

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor hidden = generator.Forward(embedding);
        Tensor[] rented = ArrayPool<Tensor>.Shared.Rent(2 * weights.Length);
        try
        {
            Span<Tensor> rows = rented.AsSpan(0, weights.Length);
            Span<Tensor> bases = rented.AsSpan(weights.Length, weights.Length);
            Ops.Split(Weight.Value, 0, Manifest.Lengths, rows);
            if (Theta0 is not null)
            {
                Ops.Split(Theta0.Value, 0, Manifest.Lengths, bases);
            }
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] = HyperKernels.Weight.Generated(hidden, rows[i], Theta0 is null ? null : bases[i], Manifest.Entries[i].Shape);
            }
        }
        finally
        {
            ArrayPool<Tensor>.Shared.Return(rented, clearArray: true);
        }
    }

    static string IStoredLayer<FullEmission>.TypeName => "FullEmission";

    static FullEmission IStoredLayer<FullEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Int("width"), EmissionScheme.Zeros(settings.Flag("base")));

    void IStoredLayer<FullEmission>.WriteSettings(LayerSettings settings) => WriteParts(settings);
}
