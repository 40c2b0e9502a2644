using System.Text.Json;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>How GHN-2 fits predicted tensors to a network: tiling and slicing, then the magnitude.</summary>
public sealed class TileNormaliseSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "GHN-2 tiling and normalisation";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Dictionary<string, Tensor> outputs = [];
        if (run.Case.Config.TryGetProperty("target", out JsonElement sizes))
        {
            Shape target = new(HyperTargets.Integers(sizes));
            Tensor tiled = PredictedTensors.Tile(run.Input("w"), target);
            outputs.Add("tiled", tiled);
            outputs.Add("weight", Ops.MultiplyScalar(tiled, PredictedTensors.FanInScale(target)));
        }
        if (run.HasInput("s"))
        {
            Tensor vector = PredictedTensors.Tile(run.Input("s"), new Shape(run.Case.Int("target_1d")));
            outputs.Add("norm_weight", PredictedTensors.Gain(vector));
            outputs.Add("bias", PredictedTensors.Bias(vector));
        }
        return outputs;
    }
}
