using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A linear layer with a matrix for every type of row: <c>y_r = W_t x_r + b_t</c> for a row r of type t.</summary>
/// <remarks>
/// Computed group by group, <see cref="Ops.LinearGrouped"/>: no row meets a matrix that is not its own. First values as PyTorch Geometric's
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
    /// <param name="sorted"><c>[M, inFeatures]</c>, rows in the order of the groups: <c>Ops.GatherRows(rows, types.Order)</c>.</param>
    /// <param name="types">The rows by type.</param>
    /// <returns><c>[M, outFeatures]</c>, in the order of the groups.</returns>
    /// <exception cref="ArgumentException">A shape differs, or there are not as many groups as types.</exception>
    public Tensor Forward(Tensor sorted, RowGroups types) => Ops.LinearGrouped(sorted, Weight.Value, types, Bias.Value);

    /// <inheritdoc/>
    protected override string Describe() => $"TypedLinear({Weight.Shape[2]}, {Weight.Shape[1]}, types: {Weight.Shape[0]})";

    static string IStoredLayer<TypedLinear>.TypeName => "TypedLinear";

    static TypedLinear IStoredLayer<TypedLinear>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("types"));

    void IStoredLayer<TypedLinear>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", Weight.Shape[2]).Set("outFeatures", Weight.Shape[1]).Set("types", Weight.Shape[0]);
}
