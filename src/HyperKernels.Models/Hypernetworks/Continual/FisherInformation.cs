using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>How much single generated weights matter to a task: the diagonal of the Fisher information of the target's predictions.</summary>
public static class FisherInformation
{
    /// <summary>The mean over samples of the squared gradient of <c>log p(label | sample)</c> by every generated weight.</summary>
    /// <param name="network">A hypernetwork whose target maps one tensor to logits.</param>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="labels">
    /// Integers <c>[B]</c>: drawn from the target's own predictions for the Fisher information itself, those of the data for the empirical one.
    /// </param>
    /// <param name="conditions">The conditions of one weight set.</param>
    /// <returns>P importances, for <see cref="OutputRegulariser.SetImportances"/>.</returns>
    /// <exception cref="ArgumentException">The target takes more than one tensor, or there is more than one weight set.</exception>
    /// <remarks>Every sample gets a copy of the weights of its own: B times P numbers are in memory. Source: Kirkpatrick et al., PNAS 2017.</remarks>
    public static float[] Diagonal(HyperNetwork network, Tensor input, Tensor labels, params ReadOnlySpan<Tensor> conditions)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.Target is not TensorLayer target)
        {
            throw new ArgumentException($"FisherInformation: the target must map one tensor to one tensor; it is a {network.Target.GetType().Name}.", nameof(network));
        }
        using MemoryScope scope = new();
        Tensor flat = network.Generate(conditions);
        if (flat.Shape[0] != 1)
        {
            throw new ArgumentException($"FisherInformation: conditions of one weight set are needed; got {flat.Shape[0]}.", nameof(conditions));
        }
        int samples = input.Shape[0];
        Dictionary<string, Parameter> byName = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        using Tape tape = new();
        Tensor sets = tape.Watch(Ops.Tile(Ops.Detach(flat), samples, 1));
        Weight[] weights = new Weight[network.Manifest.Entries.Count];
        FlatWeights.Cut(sets, network.Manifest, weights);
        Dictionary<Parameter, Weight> replacements = network.Manifest.Entries.Zip(weights).ToDictionary(pair => byName[pair.First.Name], static pair => pair.Second);
        using (ParameterOverrides.Use(replacements))
        {
            tape.Backward(Ops.CrossEntropy(target.Forward(input), labels, Reduction.Sum));
        }
        return tape.TryGetGradient(sets, out Tensor gradient) ? Ops.Mean(Ops.Square(Ops.Detach(gradient)), [0]).ToArray() : new float[flat.Count];
    }
}
