using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A linear layer with a matrix for every type of row: <c>y_r = W_t x_r + b_t</c> for a row r of type t.</summary>
/// <remarks>
/// Computed group by group, <see cref="Ops.LinearTyped"/>: no row meets a matrix that is not its own. First values as PyTorch Geometric's
/// <c>HeteroLinear</c>: uniform within <c>±1 / sqrt(inFeatures)</c>.
/// </remarks>
public sealed class TypedLinear : Layer, IStoredLayer<TypedLinear>
{
    static TypedLinear() => LayerTypes.Register<TypedLinear>();

    /// <summary>Makes the layer.</summary>
    /// <param name="inFeatures">Features of a row.</param>
    /// <param name="outFeatures">Features of a row afterwards.</param>
    /// <param name="types">The number of types.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public TypedLinear(int inFeatures, int outFeatures, int types, RandomStream? random = null)
    {
        if (inFeatures < 1 || outFeatures < 1 || types < 1)
        {
            throw new ArgumentException($"TypedLinear: inFeatures, outFeatures and types must be at least 1; got {inFeatures}, {outFeatures} and {types}.");
        }
        Initializer first = Initializer.DefaultFor(inFeatures);
        Weight = AddParameter("weight", [types, outFeatures, inFeatures], first, random);
        Bias = AddParameter("bias", [types, outFeatures], first, random, ParameterRole.Bias, Weight);
    }

    /// <summary>The matrices, <c>[types, outFeatures, inFeatures]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>The biases, <c>[types, outFeatures]</c>.</summary>
    public Parameter Bias { get; }

    /// <summary>Applies each row's own map.</summary>
    /// <param name="rows"><c>[M, inFeatures]</c>, in any order.</param>
    /// <param name="types">The type of each of the M rows.</param>
    /// <returns><c>[M, outFeatures]</c>, in the same order.</returns>
    /// <exception cref="ArgumentException">A shape differs, or there are not as many groups as types.</exception>
    public Tensor Forward(Tensor rows, RowGroups types) => Ops.LinearTyped(rows, Weight.Value, types, Bias.Value);

    /// <summary>The same for rows that stand in the order of their types, <c>[M, inFeatures]</c>: without a gather before and after.</summary>
    /// <exception cref="ArgumentException">A shape differs, or there are not as many groups as types.</exception>
    public Tensor ForwardSorted(Tensor rows, RowGroups types) => Ops.LinearGrouped(rows, Weight.Value, types, Bias.Value);

    /// <inheritdoc/>
    protected override string Describe() => $"TypedLinear({Weight.Shape[2]}, {Weight.Shape[1]}, types: {Weight.Shape[0]})";

    static string IStoredLayer<TypedLinear>.TypeName => "TypedLinear";

    static TypedLinear IStoredLayer<TypedLinear>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("types"));

    void IStoredLayer<TypedLinear>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", Weight.Shape[2]).Set("outFeatures", Weight.Shape[1]).Set("types", Weight.Shape[0]);
}
