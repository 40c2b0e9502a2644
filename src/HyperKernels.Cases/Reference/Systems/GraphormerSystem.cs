using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A Graphormer layer of GHN-3: the first of a network, with tables, or a later one.</summary>
public sealed class GraphormerSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "GHN-3 graphormer layer";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int features = source.Int("dim", otherwise: run.Input("x").Shape[-1]);
        int heads = source.Int("heads", otherwise: 8);
        RandomStream random = new(0);
        bool first = run.HasParameter("attn.edge_embed.embed.weight");
        GraphormerTables? tables = !first ? null : new GraphormerTables(
            features, heads, source.Int("max_degree", otherwise: 100), source.Int("max_input_distance", otherwise: 1000), source.Int("edge_table", otherwise: 257), random);
        GraphormerLayer layer = run.Own(new GraphormerLayer(
            features, heads, tables, (float)source.Number("mlp_ratio", otherwise: 1), run.HasParameter("attn.to_qkv.bias"), ActivationOf(source),
            (float)source.Number("ln_eps", otherwise: 1e-5), random));
        using IDisposable weights = run.Use(layer, static name => name
            .Replace("tables.in_degree", "centrality_embed_in.weight", StringComparison.Ordinal)
            .Replace("tables.out_degree", "centrality_embed_out.weight", StringComparison.Ordinal)
            .Replace("tables.input_distance", "input_dist_embed.weight", StringComparison.Ordinal)
            .Replace("tables.distance", "attn.edge_embed.embed.weight", StringComparison.Ordinal)
            .Replace("tables.project.", "attn.proj_e.", StringComparison.Ordinal)
            .Replace("to_qkv.", "attn.to_qkv.", StringComparison.Ordinal)
            .Replace("to_out.", "attn.to_out.0.", StringComparison.Ordinal)
            .Replace("ff.2.", "ff.net.3.", StringComparison.Ordinal)
            .Replace("ff.0.", "ff.net.0.", StringComparison.Ordinal));

        Tensor x = run.Input("x");
        // A single graph may come without its axis.
        int axis = x.Rank == 2 ? 1 : 0;
        Shape square = axis == 1 ? [1, x.Shape[0], x.Shape[0]] : [x.Shape[0], x.Shape[1], x.Shape[1]];
        Tensor? mask = null;
        if (run.HasInput("mask"))
        {
            float[] keep = Array.ConvertAll(run.Ints("mask"), static pair => (float)pair);
            mask = Tensor.From(keep, square, run.Device);
        }
        (Tensor y, _) = layer.Forward(axis == 1 ? Ops.Reshape(x, x.Shape.Insert(0, 1)) : x, first ? run.Ints("distance") : null, mask);
        return new Dictionary<string, Tensor> { ["y"] = Ops.Reshape(y, source.Tensor("out.y").Shape) };
    }

    private static Activation ActivationOf(ReferenceCase source) => source.Text("act_layer", otherwise: "gelu").ToUpperInvariant() switch
    {
        "GELU" => Activation.Gelu,
        "RELU" => Activation.Relu,
        _ => throw new InvalidDataException($"{source.Path}: config \"act_layer\" must be gelu or relu; it is {source.Text("act_layer")}."),
    };
}
