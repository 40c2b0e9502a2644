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
        if (run.Case.Config.TryGetProperty("target", out _))
        {
            Shape target = new(run.Case.Ints("target"));
            for (int axis = 2; axis < target.Rank; axis++)
            {
                // Beyond the channels the authors' code cuts but never repeats.
                target = target.With(axis, Math.Min(target[axis], run.Input("w").Shape[axis]));
            }
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
