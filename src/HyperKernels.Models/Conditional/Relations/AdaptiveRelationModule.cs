using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Interactions of fields whose orders depend on the sample: neuron k of head h multiplies the fields' embeddings, each to the power of a gated weight, as
/// <c>y_hk = exp(sum_f w_hkf x_f)</c> with <c>w = z * v</c> and <c>z = entmax(x B_h q_hk / sqrt(E))</c> over the fields.
/// </summary>
/// <remarks>
/// Embeddings enter the exponent as they are. Source: Cai and others, ARM-Net: Adaptive Relation Modeling Network for Structured Data, SIGMOD 2021 (arXiv 2107.01830),
/// eq. 4 to 7, and the authors' code, nusdbsystem/ARM-Net.
/// </remarks>
public sealed class AdaptiveRelationModule : TensorLayer, IStoredLayer<AdaptiveRelationModule>
{
    private const double Gain = 1.414;

    static AdaptiveRelationModule() => LayerTypes.Register<AdaptiveRelationModule>();

    /// <summary>Makes the module; first values are Xavier's with gain 1.414.</summary>
    /// <param name="fields">F.</param>
    /// <param name="features">E, the size of a field's embedding.</param>
    /// <param name="heads">H, which share a bilinear form each.</param>
    /// <param name="neurons">K of each head.</param>
    /// <param name="alpha">How sparse gates are; 1 is a softmax, 2 a sparsemax.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size or alpha is less than 1.</exception>
    public AdaptiveRelationModule(int fields, int features, int heads, int neurons, float alpha = 1.7f, RandomStream? random = null)
    {
        if (fields < 1 || features < 1 || heads < 1 || neurons < 1 || !(alpha >= 1))
        {
            throw new ArgumentException(
                $"AdaptiveRelationModule: sizes and alpha must be at least 1; got {fields} fields, {features} features, {heads} heads, {neurons} neurons, alpha {alpha}.");
        }
        (Fields, Features, Heads, Neurons, Alpha) = (fields, features, heads, neurons, alpha);
        Bilinear = AddParameter("bilinear", [heads, features, features], Initializer.XavierUniform(Gain), random);
        Queries = AddParameter("queries", [heads, neurons, features], Initializer.XavierUniform(Gain), random);
        Values = AddParameter("values", [heads, neurons, fields], Initializer.XavierUniform(Gain), random);
    }

    /// <summary>F.</summary>
    public int Fields { get; }

    /// <summary>E.</summary>
    public int Features { get; }

    /// <summary>H.</summary>
    public int Heads { get; }

    /// <summary>K.</summary>
    public int Neurons { get; }

    /// <summary>How sparse gates are.</summary>
    public float Alpha { get; }

    /// <summary>B, <c>[H, E, E]</c>.</summary>
    public Parameter Bilinear { get; }

    /// <summary>q, <c>[H, K, E]</c>.</summary>
    public Parameter Queries { get; }

    /// <summary>v, <c>[H, K, F]</c>.</summary>
    public Parameter Values { get; }

    /// <summary>Multiplies fields.</summary>
    /// <param name="input">Embeddings <c>[B, F, E]</c>.</param>
    /// <returns><c>[B, H K, E]</c></returns>
    /// <exception cref="ArgumentException">The shape differs.</exception>
    public override Tensor Forward(Tensor input) => Cross(input, Gates(input));

    /// <summary>Decides which fields each neuron multiplies, sample by sample.</summary>
    /// <param name="input">Embeddings <c>[B, F, E]</c>.</param>
    /// <returns>z, <c>[B, H, K, F]</c>: rows add up to one.</returns>
    /// <exception cref="ArgumentException">The shape differs.</exception>
    public Tensor Gates(Tensor input)
    {
        if (input.Rank != 3 || input.Shape[1] != Fields || input.Shape[2] != Features)
        {
            throw new ArgumentException($"AdaptiveRelationModule: embeddings must be [B, {Fields}, {Features}]; got {input.Shape}.", nameof(input));
        }
        // B q is small and the same for all samples.
        Tensor forms = Ops.Reshape(Ops.Matmul(Queries.Value, Bilinear.Value, transposeB: true), [Heads * Neurons, Features]);
        Tensor scores = Ops.MultiplyScalar(Ops.Transpose(Ops.Linear(input, forms)), 1 / MathF.Sqrt(Features));
        return Ops.Reshape(Entmax.Of(scores, Alpha), [input.Shape[0], Heads, Neurons, Fields]);
    }

    /// <summary>Weighs gates: <c>w = z * v</c>.</summary>
    /// <param name="gates">What <see cref="Gates"/> gave.</param>
    /// <returns><c>[B, H, K, F]</c></returns>
    public Tensor Weights(Tensor gates) => Ops.Multiply(gates, Values.Value);

    static string IStoredLayer<AdaptiveRelationModule>.TypeName => "AdaptiveRelationModule";

    static AdaptiveRelationModule IStoredLayer<AdaptiveRelationModule>.Read(LayerSettings settings) =>
        new(settings.Int("fields"), settings.Int("features"), settings.Int("heads"), settings.Int("neurons"), settings.Number("alpha"));

    void IStoredLayer<AdaptiveRelationModule>.WriteSettings(LayerSettings settings) =>
        settings.Set("fields", Fields).Set("features", Features).Set("heads", Heads).Set("neurons", Neurons).Set("alpha", Alpha);

    /// <inheritdoc/>
    protected override string Describe() => $"AdaptiveRelationModule({Fields}, {Features}, heads: {Heads}, neurons: {Neurons}, alpha: {Alpha})";

    private Tensor Cross(Tensor input, Tensor gates) =>
        Ops.Exp(Ops.Matmul(Ops.Reshape(Weights(gates), [input.Shape[0], Heads * Neurons, Fields]), input));
}
