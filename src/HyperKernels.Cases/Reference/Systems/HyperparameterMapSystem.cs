using System.Text.Json;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Perturbed hyperparameters of a self-tuning network, the values that follow from them, and the entropy of the perturbation.</summary>
public sealed class HyperparameterMapSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "STN hyperparameter map";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        JsonElement[] ranges = [.. Option(run.Case, "ranges")];
        JsonElement[] discrete = [.. Option(run.Case, "discrete")];
        JsonElement[] minibatch = [.. Option(run.Case, "minibatch")];
        HyperparameterSpace space = run.Own(new HyperparameterSpace([.. ranges.Select((range, i) => Range(run.Case, range, $"{i}") with
        {
            IsDiscrete = Flag(run.Case, discrete, i, otherwise: false),
            IsShared = !Flag(run.Case, minibatch, i, otherwise: true),
        })]));
        using IDisposable values = ParameterOverrides.Use(new Dictionary<Parameter, Tensor>
        {
            [space.Unconstrained] = run.Input("htensor"),
            [space.Scale] = run.Input("hscale"),
        });
        Tensor perturbed = space.Perturb(run.Input("noise"));
        return new Dictionary<string, Tensor> { ["perturbed"] = perturbed, ["value"] = space.Values(perturbed), ["entropy"] = space.Entropy() };
    }

    private static IEnumerable<JsonElement> Option(ReferenceCase source, string name) =>
        source.Config.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static bool Flag(ReferenceCase source, JsonElement[] flags, int at, bool otherwise) =>
        at >= flags.Length ? otherwise : flags[at].ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw new InvalidDataException($"{source.Path}: discrete and minibatch must be lists of true and false; entry {at} is {flags[at]}."),
        };

    private static Hyperparameter Range(ReferenceCase source, JsonElement range, string name)
    {
        if (range.ValueKind != JsonValueKind.Array || range.GetArrayLength() != 2)
        {
            throw new InvalidDataException($"{source.Path}: a range must be two numbers or nulls; it is {range}.");
        }
        return (End(range[0]), End(range[1])) switch
        {
            ({ } low, { } high) => Hyperparameter.Bounded(name, low, high, (low + high) / 2),
            ({ } low, null) => Hyperparameter.AtLeast(name, low, low + 1),
            (null, { } high) => Hyperparameter.AtMost(name, high, high - 1),
            _ => Hyperparameter.Free(name),
        };
    }

    // JSON has no infinities: null stands for them.
    private static double? End(JsonElement end) => end.ValueKind == JsonValueKind.Number ? end.GetDouble() : null;
}
