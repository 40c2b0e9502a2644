using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights that a context changes along trained directions: <c>W = W_0 + A diag(c) B</c> for matrices and <c>b = b_0 + A' c</c> for biases, c what the generator gives. Matrices
/// stay factors: a layer multiplies by two thin ones.
/// </summary>
/// <remarks>A and B start Xavier-uniform. Source: Kassai Koupai and others, GEPS, NeurIPS 2024 (arXiv 2410.23889), as in the code of MixER, ddrous/MixER (Expert_GEPS).</remarks>
public sealed class DiagonalEmission : DeltaEmission, IStoredLayer<DiagonalEmission>
{
    private readonly Parameter[] _left;
    private readonly Parameter?[] _right;

    static DiagonalEmission() => LayerTypes.Register<DiagonalEmission>();

    /// <summary>Makes the directions of a target's matrices and biases; the target's values become the base, which trains.</summary>
    /// <param name="target">Any layer.</param>
    /// <param name="width">The numbers of a context.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">The target has neither matrices nor biases.</exception>
    public DiagonalEmission(Layer target, int width, RandomStream? random = null)
        : base(target, width, "*", static named => named.Parameter.Shape.Rank == 2 || named.Role == ParameterRole.Bias, trainsBase: true) =>
        (_left, _right) = Directions(random);

    private DiagonalEmission(TargetManifest manifest, int width)
        : base(manifest, width, trainsBase: true) => (_left, _right) = Directions(null);

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor context = generator.Forward(embedding);
        Tensor diagonal = Ops.Reshape(context, context.Shape[0], 1, context.Shape[1]);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = _right[i] is { } right
                ? Weight.LowRank(right.Value, Ops.Multiply(_left[i].Value, diagonal), baseWeight: Base[i].Value)
                : Weight.Generated(context, _left[i].Value, Base[i].Value);
        }
    }

    static string IStoredLayer<DiagonalEmission>.TypeName => "DiagonalEmission";

    static DiagonalEmission IStoredLayer<DiagonalEmission>.Read(LayerSettings settings) => new(TargetManifest.Read(settings), settings.Int("width"));

    void IStoredLayer<DiagonalEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("width", Width);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"DiagonalEmission({Manifest.Entries.Count} tensors, width: {Width})";

    private (Parameter[] Left, Parameter?[] Right) Directions(RandomStream? random)
    {
        Parameter[] left = new Parameter[Manifest.Entries.Count];
        Parameter?[] right = new Parameter?[left.Length];
        for (int i = 0; i < left.Length; i++)
        {
            Shape shape = Manifest.Entries[i].Shape;
            left[i] = AddParameter($"left{i}", [shape[0], Width], Initializer.XavierUniform(), random);
            right[i] = shape.Rank == 2 ? AddParameter($"right{i}", [Width, shape[1]], Initializer.XavierUniform(), random) : null;
        }
        return (left, right);
    }
}
