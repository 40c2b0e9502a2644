using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>One AllSet layer, with Deep Sets or with attention.</summary>
/// <param name="name">The name of the cases.</param>
/// <param name="attention">Whether sets are read by attention.</param>
public sealed class AllSetSystem(string name, bool attention) : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        AllSetOptions options = new()
        {
            Attention = attention,
            MlpLayers = source.Int(attention ? "rff_layers" : "mlp_layers", source.Int("mlp_layers", 2)),
            Heads = source.Int("heads", 1),
            Aggregation = SetCases.Aggregation(source, SetAggregation.Sum),
            Weights = Weights(source),
            Normalization = SetCases.Normalization(source),
            InputNorm = source.Flag("input_norm", true),
            Dropout = 0,
        };
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence(), membershipWeights: run.OptionalInput("norm")));
        AllSetConv layer = run.Own(new AllSetConv(source.Int("c_in"), source.Int("hidden"), options));
        using (run.Use(layer))
        {
            Tensor edges = layer.ToEdges(run.Input("x"), graph);
            return new Dictionary<string, Tensor> { ["edge"] = edges, ["y"] = layer.ToNodes(edges, graph) };
        }
    }

    private static IncidenceWeights Weights(ReferenceCase source) => source.Text("incidence_weights", "all_one") switch
    {
        "all_one" => IncidenceWeights.Ones,
        "deg_half_sym" => IncidenceWeights.InverseRootDegrees,
        string other => throw SetCases.Unknown(source, "incidence_weights", other, "all_one or deg_half_sym"),
    };
}
