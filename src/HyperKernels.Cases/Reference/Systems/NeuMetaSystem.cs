using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A weight field read at given coordinates, with the network of every row.</summary>
public sealed class NeuMetaSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "NeuMeta weight field";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        WeightField field = run.Own(new WeightField(
            source.Int("networks"), source.Int("outputs", 9), source.Int("hidden", 512), source.Int("layers", 8), source.Int("freqs", 16),
            (float)source.Number("norm", 1), random: new RandomStream(0)));
        using IDisposable weights = run.Use(field);
        Tensor coordinates = run.Input("coords");
        return new Dictionary<string, Tensor>
        {
            ["w"] = run.HasInput("layer") ? field.Forward(coordinates, run.Ints("layer")) : field.Forward(coordinates),
        };
    }
}
