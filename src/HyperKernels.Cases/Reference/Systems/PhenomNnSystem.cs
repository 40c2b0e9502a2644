using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>The steps of PhenomNN, simple or full, with the energy at each.</summary>
public sealed class PhenomNnSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "phenomnn";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        PhenomOptions options = new()
        {
            Lambda0 = (float)run.Case.Number("lambda0", 10),
            Lambda1 = (float)run.Case.Number("lambda1", 10),
            Alpha = (float)run.Case.Number("alpha", 1),
            Steps = run.Case.Int("steps", 16),
            Compatibility = run.Case.Flag("compatibility_matrices", false),
        };
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence(), run.OptionalInput("edge_weight")));
        PhenomConv layer = run.Own(new PhenomConv(run.Case.Int("channels"), options));
        using (run.Use(layer, static name => "H." + name))
        {
            Tensor initial = run.Input("y0");
            IReadOnlyList<Tensor> passed = layer.Trajectory(initial, graph);
            return new Dictionary<string, Tensor>
            {
                ["y"] = passed[^1],
                ["energy"] = Ops.Stack(0, [.. passed.Select(y => layer.Energy(y, initial, graph))]),
            };
        }
    }
}
