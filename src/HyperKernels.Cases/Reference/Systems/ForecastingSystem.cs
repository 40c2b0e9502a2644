using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Forecasting Model Search: the metanetwork that describes checkpoints, or the Gaussian process over descriptions.</summary>
public sealed class ForecastingSystem : IReferenceSystem
{
    private static readonly Dictionary<string, string> s_gp = new()
    {
        ["curve.weight"] = "cnn.0.weight",
        ["curve.bias"] = "cnn.0.bias",
        ["mean"] = "gp.mean",
        ["raw_outputscale"] = "gp.raw_outputscale",
        ["raw_lengthscale"] = "gp.raw_lengthscale",
        ["raw_noise"] = "gp.raw_noise",
    };

    private static readonly (string Own, string Theirs)[] s_reader =
    [
        ("encoder.node_layer", "pre_encoder.node_layer_encoder.0"), ("encoder.node_index", "pre_encoder.neuron_num_encoder.0"),
        ("encoder.node_kind", "pre_encoder.node_type_encoder"), ("encoder.nodes", "pre_encoder.x_proj"), ("encoder.weight.", "pre_encoder.weight_encoder.0."),
        ("encoder.edge_layer", "pre_encoder.edge_layer_encoder.0"), ("encoder.position", "pre_encoder.conv_pos_encoder.0"),
        ("encoder.edge_kind", "pre_encoder.edge_type_encoder"), ("encoder.edges", "pre_encoder.edge_attr_proj"), ("gnn.nodes", "gnn_w_readout.gnn.node_embed"),
        ("gnn.edges", "gnn_w_readout.gnn.edge_embed"), ("norm", "gnn_w_readout.gnn.final_layer.0"), ("edges", "gnn_w_readout.gnn.final_layer.1"),
        ("readout.before", "gnn_w_readout.readout.pre_pool.0"), ("readout.after", "gnn_w_readout.readout.post_pool"),
    ];

    private static readonly Dictionary<string, string> s_message = new()
    {
        ["edge"] = "conv.edge_model.edge_mlp.0",
        ["message"] = "conv.node_model.node_mlp_1.0",
        ["node"] = "conv.node_model.node_mlp_2.0",
        ["node_norm"] = "node_norm",
        ["edge_norm"] = "edge_norm",
        ["node_change"] = "node_mlp.1",
        ["edge_change"] = "edge_mlp.1",
    };

    /// <inheritdoc/>
    public string Name => "FMS";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run) => run.HasInput("edge_index") ? RunReader(run) : RunProcess(run);

    private static Dictionary<string, Tensor> RunReader(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        NetworkReader reader = run.Own(new NetworkReader(source.Int("out", 32), source.Int("hidden", 32), source.Int("layers", 4), new RandomStream(0)));
        (Tensor x, Tensor attributes) = (run.Input("x"), run.Input("edge_attr"));
        int[] index = run.Ints("edge_index");
        (int nodes, int edges) = (x.Shape[0], attributes.Shape[0]);
        int[] batch = run.Ints("batch");
        int[] graphOfEdge = [.. index[..edges].Select(node => batch[node])];
        Incidence links = run.Own(Incidence.FromPairs(nodes, nodes, index[..edges], index[edges..], run.Device));
        Incidence byGraph = run.Own(Incidence.FromPairs(edges, batch.Max() + 1, [.. Enumerable.Range(0, edges)], graphOfEdge, run.Device));
        NetworkCodes codes = new(
            Ops.Slice(x, 1, 0, 1), Ops.Slice(x, 1, 1, 1), Kinds(run, "x", 2), Ops.Slice(attributes, 1, 0, 1), Kinds(run, "edge_attr", 1),
            Ops.Slice(attributes, 1, 2, 3));
        using IDisposable weights = run.Use(reader, Theirs);
        return new Dictionary<string, Tensor> { ["feature"] = reader.Forward(run.Input("weight"), codes, links, byGraph) };
    }

    private static Dictionary<string, Tensor> RunProcess(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Tensor? networks = run.OptionalInput("graph_feature");
        Tensor hyperparameters = run.Input("hp");
        DeepKernelGp process = run.Own(new DeepKernelGp(
            hyperparameters.Shape[1], networks?.Shape[1] ?? 0, source.Int("units", 64), source.Int("features", 128), new RandomStream(0)));
        using IDisposable weights = run.Use(process, static name => s_gp.GetValueOrDefault(name, name));
        Tensor observed = run.Input("y");
        Tensor features = process.Features(new TrainingRuns(hyperparameters, run.Input("budget"), run.Input("curve"), networks));
        Tensor[] parts = Ops.Split(features, 0, observed.Shape[0], features.Shape[0] - observed.Shape[0]);
        (Tensor mean, Tensor variance) = process.Predict(parts[0], observed, parts[1]);
        return new Dictionary<string, Tensor>
        {
            ["phi"] = features,
            ["nll"] = process.Loss(parts[0], observed),
            ["mean"] = mean,
            ["variance"] = variance,
        };
    }

    private static Tensor Kinds(ReferenceRun run, string name, int column)
    {
        ReferenceTensor table = run.Case.Tensor("in." + name);
        (int rows, int columns) = (table.Shape[0], table.Shape[1]);
        return Tensor.From([.. Enumerable.Range(0, rows).Select(row => (int)table.Values[(row * columns) + column])], [rows], run.Device);
    }

    private static string Theirs(string name)
    {
        foreach ((string own, string theirs) in s_reader)
        {
            if (name.StartsWith(own, StringComparison.Ordinal))
            {
                return theirs + name[own.Length..];
            }
        }
        string[] parts = name.Split('.');
        return $"gnn_w_readout.gnn.convs.{parts[1]}.{s_message[parts[2]]}.{parts[3]}";
    }
}
