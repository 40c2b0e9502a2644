using System.Text.Json;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>HiGPT's generated layer; nodes, descriptions and edges of every type are inputs of their own.</summary>
public sealed class HigptSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "HiGPT";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        string[] types = [.. Property(source, "nodes").EnumerateObject().Select(static type => type.Name)];
        string[][] relations = [.. Property(source, "relations").EnumerateArray().Select(static relation => new[] { relation[0].GetString()!, relation[1].GetString()! })];
        TypedGraph graph = run.Own(new TypedGraph(
            [.. types.Select(type => source.Tensor("in.x." + type).Shape[0])],
            [.. relations.Select(relation =>
            {
                int[] ends = run.Ints($"edge_index.{relation[0]}_{relation[1]}");
                int edges = ends.Length / 2;
                return new Relation(Array.IndexOf(types, relation[0]), Array.IndexOf(types, relation[1]), ends[..edges], ends[edges..]);
            })],
            run.Device));
        bool norm = source.Flag("norm", run.HasParameter("norm.weight"));
        GeneratedHgtConv layer = run.Own(new GeneratedHgtConv(
            source.Int("in"), source.Int("out"), source.Int("heads", 1), source.Int("text"), source.Flag("gelu", !norm), norm));
        using IDisposable weights = run.Use(layer, static name => name
            .Replace("weight_generator", "lin_gen.weight_generator", StringComparison.Ordinal)
            .Replace("bias_generator", "lin_gen.bias_generator", StringComparison.Ordinal));
        Tensor Texts(IEnumerable<string> names) => Ops.Stack(0, [.. names.Select(name => run.Input("text." + name))]);
        HgtWeights generated = layer.Generate(Texts(types), Texts(relations.Select(static relation => string.Join('_', relation))));
        (Tensor output, Tensor attention) = layer.Attend(Ops.Concatenate(0, [.. types.Select(type => run.Input("x." + type))]), generated, graph);
        Dictionary<string, Tensor> answers = new() { ["attention"] = attention };
        for (int type = 0; type < types.Length; type++)
        {
            answers.Add("y." + types[type], graph.RowsOf(output, type));
        }
        return answers;
    }

    private static JsonElement Property(ReferenceCase source, string name) => source.Config.TryGetProperty(name, out JsonElement value)
        ? value
        : throw new InvalidDataException($"{source.Path}: config needs \"{name}\"; it has none.");
}
