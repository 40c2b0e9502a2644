using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The output layer of a hypernetwork with intervals: from rows <c>[centre; radius]</c> of the generator, weights <c>W mu + b</c> with the ends
/// <c>W mu + b -+ |W| r</c>. As any emission it gives the middle.
/// </summary>
/// <remarks>All three stay factored: an end is <c>[W, -+|W|] [mu; r] + b</c>.</remarks>
public sealed class IntervalEmission : Emission, IStoredLayer<IntervalEmission>
{
    static IntervalEmission() => LayerTypes.Register<IntervalEmission>();

    /// <summary>Makes the layer with PyTorch's first values.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">H, the length of the centre that the generator gives; its rows have 2H numbers.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    public IntervalEmission(TargetManifest manifest, int width, bool bias = true, RandomStream? random = null)
        : base(manifest, 2 * width, hasBase: bias)
    {
        Weight = AddParameter("weight", [manifest.Count, width], Initializer.Default, random);
        Bias = bias ? AddParameter("bias", [manifest.Count], Initializer.DefaultFor(width), random, ParameterRole.Bias, Weight) : null;
    }

    /// <summary><c>[P, H]</c></summary>
    public Parameter Weight { get; }

    /// <summary><c>[P]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Generates flat weight sets and how far they reach.</summary>
    /// <param name="embedding">The prepared conditions <c>[C, 2n]</c>.</param>
    /// <param name="generator">The layer before the emission.</param>
    /// <returns>The middle and the radius, <c>[C, P]</c> each.</returns>
    public (Tensor Middle, Tensor Radius) Spread(Tensor embedding, TensorLayer generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        (Tensor centre, Tensor radius) = IntervalMlp.Halves(generator.Forward(embedding));
        return (Ops.Linear(centre, Weight.Value, Bias?.Value), Ops.Linear(radius, Ops.Abs(Weight.Value)));
    }

    /// <inheritdoc/>
    public override Tensor Flat(Tensor embedding, TensorLayer generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        return Ops.Linear(IntervalMlp.Halves(generator.Forward(embedding)).Centre, Weight.Value, Bias?.Value);
    }

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Cut(IntervalMlp.Halves(generator.Forward(embedding)).Centre, Weight.Value, weights);
    }

    /// <summary>Generates the weights at both ends, factored.</summary>
    /// <param name="embedding">The prepared conditions <c>[C, 2n]</c>.</param>
    /// <param name="generator">The layer before the emission.</param>
    /// <param name="lower">Written: the lower ends, one per entry of the manifest.</param>
    /// <param name="upper">Written: the upper ends.</param>
    public void GenerateEnds(Tensor embedding, TensorLayer generator, Span<Weight> lower, Span<Weight> upper)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor rows = generator.Forward(embedding);
        Tensor magnitude = Ops.Abs(Weight.Value);
        Cut(rows, Ops.Concatenate(1, Weight.Value, Ops.Neg(magnitude)), lower);
        Cut(rows, Ops.Concatenate(1, Weight.Value, magnitude), upper);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"IntervalEmission({Manifest.Count} weights, width: {Width / 2})";

    static string IStoredLayer<IntervalEmission>.TypeName => "IntervalEmission";

    static IntervalEmission IStoredLayer<IntervalEmission>.Read(LayerSettings settings) =>
        new(TargetManifest.Read(settings), settings.Int("width"), settings.Flag("bias"));

    void IStoredLayer<IntervalEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("width", Width / 2).Set("bias", HasBase);
    }

    private void Cut(Tensor hidden, Tensor generator, Span<Weight> weights)
    {
        int[] lengths = [.. Manifest.Entries.Select(static entry => entry.Count)];
        Tensor[] rows = Ops.Split(generator, 0, lengths);
        Tensor[] bases = Bias is null ? [] : Ops.Split(Bias.Value, 0, lengths);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = HyperKernels.Weight.Generated(hidden, rows[i], Bias is null ? null : bases[i], Manifest.Entries[i].Shape);
        }
    }
}
