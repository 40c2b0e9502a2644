using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>One convolution of ED-HNN, in each of the three forms of the authors' code.</summary>
public sealed class EdHnnConvSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "edhnn_conv";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence()));
        EdHnnLayer layer = run.Own(Make(run.Case));
        using (run.Use(layer))
        {
            return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), graph, run.OptionalInput("x0")) };
        }
    }

    private static EdHnnLayer Make(ReferenceCase source)
    {
        (int inputs, int outputs) = (source.Int("c_in"), source.Int("c_out", source.Int("c_in")));
        EdHnnOptions options = new()
        {
            Mlp1Layers = source.Int("mlp1_layers", source.Int("mlp_layers", 2)),
            Mlp2Layers = source.Int("mlp2_layers", 2),
            Mlp3Layers = source.Int("mlp3_layers", 2),
            Aggregation = SetCases.Aggregation(source, SetAggregation.Mean),
            Alpha = (float)source.Number("alpha", 0.5),
            Beta = (float)source.Number("beta", 1),
            Normalization = SetCases.Normalization(source),
            InputNorm = source.Flag("input_norm", true),
            Dropout = 0,
        };
        string kind = source.Text("edconv_type", source.Text("variant", "EquivSet"));
        return kind switch
        {
            "EquivSet" => new EdHnnConv(inputs, outputs, options),
            "JumpLink" => new JumpLinkConv(outputs, options.Mlp1Layers, options.Aggregation, options.Alpha, options.Beta),
            "MeanDeg" => new MeanDegreeConv(inputs, outputs, options.Mlp1Layers, options.Mlp2Layers, options.Mlp3Layers),
            _ => throw SetCases.Unknown(source, "edconv_type", kind, "EquivSet, JumpLink or MeanDeg"),
        };
    }
}
