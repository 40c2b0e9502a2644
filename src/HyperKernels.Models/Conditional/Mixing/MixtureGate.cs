using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Weighs the experts of a <see cref="MixtureOfWeights"/> for every sample, from its features averaged over pixels or tokens.</summary>
public abstract class MixtureGate : Layer
{
    /// <summary>Notes the sizes.</summary>
    /// <param name="inFeatures">The features I of a sample.</param>
    /// <param name="experts">The number E of experts.</param>
    /// <param name="features">Which axis holds them.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    protected MixtureGate(int inFeatures, int experts, FeatureAxis features)
    {
        if (inFeatures < 1 || experts < 1)
        {
            throw new ArgumentException($"{GetType().Name}: inFeatures and experts must be at least 1; got {inFeatures} and {experts}.");
        }
        (InFeatures, Experts, Features) = (inFeatures, experts, features);
    }

    /// <summary>The features of a sample.</summary>
    public int InFeatures { get; }

    /// <summary>The number of experts.</summary>
    public int Experts { get; }

    /// <summary>Which axis holds the features.</summary>
    public FeatureAxis Features { get; }

    /// <summary>Weighs the experts.</summary>
    /// <param name="input"><c>[B, I, ...]</c> or <c>[B, ..., I]</c>, as <see cref="Features"/> says.</param>
    /// <returns><c>[B, E]</c></returns>
    /// <exception cref="ArgumentException">The axis of features has another size.</exception>
    public abstract Tensor Forward(Tensor input);

    /// <summary>Averages a sample's features over all places.</summary>
    /// <param name="input">As in <see cref="Forward"/>.</param>
    /// <returns><c>[B, I]</c></returns>
    /// <exception cref="ArgumentException">The axis of features has another size.</exception>
    protected Tensor Pool(Tensor input)
    {
        int axis = Features == FeatureAxis.Second ? 1 : input.Rank - 1;
        if (input.Rank < 2 || input.Shape[axis] != InFeatures)
        {
            string wanted = Features == FeatureAxis.Second ? $"[batch, {InFeatures}, ...]" : $"[batch, ..., {InFeatures}]";
            throw new ArgumentException($"{GetType().Name}: the input must be {wanted}; it is {input.Shape}.", nameof(input));
        }
        if (input.Rank == 2)
        {
            return input;
        }
        int[] places = [.. Enumerable.Range(1, input.Rank - 1).Where(other => other != axis)];
        return Ops.Mean(input, places);
    }
}
