using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>One HyperGCN convolution on the case's projection, and its graph as a matrix.</summary>
public sealed class HyperGcnConvSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hypergcn_conv";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence(), run.OptionalInput("edge_weight")));
        bool mediators = source.Flag("mediators", true);
        bool transposed = source.Text("weight_layout", "").Contains("(in, out)", StringComparison.Ordinal);
        HyperGcnConv layer = run.Own(new HyperGcnConv(source.Int("c_in"), source.Int("c_out"), mediators, run.HasParameter("bias")));
        Tensor weight = run.Parameter("W");
        // The fast variant projects the features themselves.
        Tensor signal = source.Flag("fast", false) ? run.Input("x") : transposed ? Ops.Matmul(run.Input("x"), weight) : Ops.Linear(run.Input("x"), weight);
        HyperGcnLaplacian laplacian = run.Own(HyperGcnLaplacian.Of(signal, run.Input("rv"), graph, mediators));
        using (run.Use(layer, static name => name == "theta.weight" ? "W" : name, transposed))
        {
            return new Dictionary<string, Tensor>
            {
                ["laplacian"] = laplacian.Apply(Identity(graph.NodeCount, run.Device)),
                ["y"] = source.Flag("fast", false)
                    ? layer.Forward(run.Input("x"), laplacian)
                    : layer.Forward(run.Input("x"), graph, run.Input("rv")),
            };
        }
    }

    private static Tensor Identity(int size, Device device) => Ops.OneHot(Tensor.From([.. Enumerable.Range(0, size)], [size], device), size);
}
