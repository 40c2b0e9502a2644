using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>
/// A <see cref="LayerCase"/> with several weight sets in the place of its parameters, each for a block of consecutive samples: what a hypernetwork
/// does with its target. The answer is that of the layer, block by block.
/// </summary>
/// <param name="row">The layer.</param>
/// <param name="sets">C: how many weight sets there are.</param>
internal sealed class LayerSetsCase(LayerCase row, int sets) : FunctionCase
{
    /// <inheritdoc/>
    public override CaseKind Kind => CaseKind.Layer;

    /// <inheritdoc/>
    public override string Subject => row.Layer;

    /// <inheritdoc/>
    public override IReadOnlyList<CaseInput> Arguments =>
        [.. row.Parameters.Select(parameter => parameter with { Shape = parameter.Shape.Insert(0, sets) }), .. Inputs];

    /// <inheritdoc/>
    public override Plain Answer(Plain[] arguments)
    {
        int parameters = row.Parameters.Count;
        return Plain.Concatenate([.. Enumerable.Range(0, sets).Select(set => row.Answer(
        [
            .. arguments.Take(parameters).Select((values, i) => values.Block(set, sets).Reshape(row.Parameters[i].Shape)),
            .. arguments.Skip(parameters).Select(input => input.Block(set, sets)),
        ]))]);
    }

    /// <inheritdoc/>
    public override CaseRun Start(Plain[] arguments, Device device)
    {
        Layer layer = row.MakeOn(device);
        Tensor[] weights = [.. layer.Parameters.Select((_, i) => Arguments[i].Upload(arguments[i], device))];
        Tensor[] inputs = row.UploadInputs(arguments, device);
        return new CaseRun([.. weights, .. inputs], Forward, layer);

        Tensor Forward()
        {
            using IDisposable overriding = ParameterOverrides.Use(layer.Parameters.Zip(weights).ToDictionary(pair => pair.First, pair => pair.Second));
            return row.RunOn(device, layer, inputs);
        }
    }
}
