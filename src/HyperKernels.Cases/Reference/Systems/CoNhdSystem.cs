using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>The body of CoNHD: what memberships are after all steps. Cases have no readout.</summary>
public sealed class CoNhdSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "conhd";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Tensor? inEdges = run.OptionalInput("pe_within_edge");
        MembershipGraph graph = run.Own(new MembershipGraph(run.Own(new Hypergraph(run.Incidence())), inEdges, run.OptionalInput("pe_within_node")));
        CoNhdOptions options = new()
        {
            Operator = Operator(run.Case),
            Solver = Solver(run.Case),
            Layers = run.Case.Int("layers", 1),
            SharedWeights = run.Case.Flag("share_weights", true),
            OperatorDepth = run.Case.Int("operator_depth", 2),
            Heads = run.Case.Int("heads", 4),
            InducingRows = run.Case.Int("inducing_points", 4),
            Encodings = graph.EncodingSize,
            LayerNorm = run.Case.Flag("layernorm", false),
            Dropout = 0,
        };
        CoNhd network = run.Own(new CoNhd(run.Case.Int("c_in"), run.Case.Int("channels", 128), 1, options));

        // All but the readout.
        using (run.Use(Part(network, "lin_in"), static name => "lin_in." + name))
        using (run.Use(Part(network, "conv"), static name => "conv." + name))
        {
            return new Dictionary<string, Tensor> { ["y"] = network.Represent(run.Input("x"), graph) };
        }
    }

    private static Layer Part(CoNhd network, string name) => network.Children.Single(child => child.Name == name).Layer;

    private static MembershipOperator Operator(ReferenceCase source) => source.Text("operator", "ISAB") switch
    {
        "UNP" or "UNB" => MembershipOperator.Pooling,
        "SAB" => MembershipOperator.Attention,
        "ISAB" => MembershipOperator.InducedAttention,
        string other => throw SetCases.Unknown(source, "operator", other, "UNP, SAB or ISAB"),
    };

    private static CoNhdSolver Solver(ReferenceCase source) => source.Text("solver", "GD") switch
    {
        "GD" => CoNhdSolver.GradientDescent,
        "ADMM" => CoNhdSolver.Admm,
        string other => throw SetCases.Unknown(source, "solver", other, "GD or ADMM"),
    };
}
