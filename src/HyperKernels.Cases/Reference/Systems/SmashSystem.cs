using System.Text.Json;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>SMASH's weight generator on a given description. The case counts the layers; those behind the first are an activation and a kernel.</summary>
public sealed class SmashSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "SMASH weight generator";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        SmashGenerator generator = run.Own(new SmashGenerator(
            source.Int("channels_in"), source.Int("channels_out"), Blocks(source), (float)source.Number("slope", 0.02), new RandomStream(0)));
        using IDisposable weights = run.Use(generator, static name => name is "weight0" ? "0.weight" : $"{name["weight".Length..]}.1.weight");
        return new Dictionary<string, Tensor> { ["w"] = generator.Forward(run.Input("c")) };
    }

    /// <summary>Growths of one block, or a list of them for each of several.</summary>
    private static IReadOnlyList<IReadOnlyList<int>> Blocks(ReferenceCase source)
    {
        if (!source.Config.TryGetProperty("growth", out JsonElement growth) || growth.ValueKind != JsonValueKind.Array)
        {
            throw new InvalidDataException($"{source.Path}: config \"growth\" must list the channels that layers append.");
        }
        JsonElement[] items = [.. growth.EnumerateArray()];
        return items.Length > 0 && items[0].ValueKind == JsonValueKind.Array
            ? [.. items.Select(static block => Integers([.. block.EnumerateArray()]))]
            : [Integers(items)];
    }

    private static int[] Integers(JsonElement[] items) => [.. items.Select(static item => item.GetInt32())];
}
