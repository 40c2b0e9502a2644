using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>LoGAH's decoder: kernels, matrices, vectors and class layers.</summary>
public sealed class LowRankDecoderSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "LoGAH low-rank decoder";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int[] hidden = source.Config.TryGetProperty("hidden", out _) ? source.Ints("hidden") : [64];
        Shape asked = source.Config.TryGetProperty("asked", out _) ? new Shape(source.Ints("asked")) : [1, 1, 1, 1];
        LowRankDecoder decoder = run.Own(new LowRankDecoder(
            source.Int("features", otherwise: run.Input("x").Shape[1]), source.Int("rank", otherwise: 32), source.Int("ck", otherwise: 32), hidden, new RandomStream(0)));
        using IDisposable weights = run.Use(decoder, static name => name.Replace("mlp.", "mlp.fc.", StringComparison.Ordinal));

        int axes = source.Flag("class_layer", otherwise: false) ? 2 : source.Int("dims", otherwise: 4);
        // A matrix of outputs times height and inputs times width is one of so many outputs and inputs.
        Shape made = axes == 2 ? new Shape(asked[0] * asked[2], asked[1] * asked[3], 1, 1) : asked;
        Tensor w = decoder.Forward(run.Input("x"), made);
        int count = w.Shape[0];
        return new Dictionary<string, Tensor>
        {
            ["w"] = axes switch
            {
                1 when asked.RowCount == 1 => Ops.Reshape(w, [count, asked[0]]),
                2 => Ops.Reshape(w, [count, made[0], made[1]]),
                4 => w,
                _ => throw new InvalidDataException($"{source.Path}: config \"dims\" must be 1 (for one input and a kernel of one place), 2 or 4; it is {axes} for {asked}."),
            },
        };
    }
}
