using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A field for many signals of which each has one latent vector; a perceptron makes a modulation of it that is the same everywhere: what modulation fields improve on.
/// </summary>
internal sealed class LatentField : Layer
{
    private const float FirstCodes = 0.1f;

    private readonly Embedding _codes;
    private readonly Mlp _head;

    public LatentField(ModulatedField field, int signals, int latent, int hidden, RandomStream random)
    {
        Field = Add("field", field);
        _codes = Add("codes", new Embedding(signals, latent, random));
        Initializer.Normal(0, FirstCodes).Apply(_codes.Weight, random);
        _head = Add("head", new Mlp([latent, hidden, field.Options.ModulationFeatures], Activation.Relu, random: random));
    }

    /// <summary>Shared by all signals.</summary>
    public ModulatedField Field { get; }

    /// <summary>Evaluates signals at <c>[S, N, 2]</c>.</summary>
    public Tensor Forward(Tensor coordinates, int[] signals)
    {
        int points = coordinates.Shape[1];
        Tensor modulations = _head.Forward(_codes.Forward(Tensor.From(signals, [signals.Length], coordinates.Device)));
        Tensor drawn = Field.Forward(Ops.Reshape(coordinates, signals.Length * points, 2), Ops.RepeatRows(modulations, points));
        return Ops.Reshape(drawn, [signals.Length, points, Field.Outputs]);
    }
}
