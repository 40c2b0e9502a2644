using System.Globalization;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Trees of low-rank experts; levels are numbered from the leaves, whose gate cases call <c>leaf</c>, up to the <c>top</c>.</summary>
public sealed class SmoreSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "S'MoRE";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int[] experts = source.Ints("experts");
        Smore layer = run.Own(new Smore(
            source.Int("in"), source.Int("out"), experts, source.Ints("fanout"), source.Ints("rank"), source.Int("down"), new RandomStream(0)));
        int top = experts.Length - 1;
        using IDisposable weights = run.Use(layer, name => Stored(name, top));
        Tensor x = run.Input("x");
        Routing[] routings = layer.Route(x);
        int rows = x.Shape[0];
        Dictionary<string, Tensor> outputs = new()
        {
            ["y"] = layer.Propagate(x, routings),
            ["top"] = routings[top].Experts,
        };
        if (top > 0)
        {
            int leaves = routings[0].Experts.Shape[1];
            outputs["leaf"] = Ops.Reshape(routings[0].Experts, rows, -1, leaves);
        }
        return outputs;
    }

    private static string Stored(string name, int top)
    {
        if (name.Contains('.', StringComparison.Ordinal))
        {
            return name;
        }
        int level = int.Parse(name.AsSpan().TrimStart("abcdefghijklmnopqrstuvwxyz_"), CultureInfo.InvariantCulture);
        string place = level == top ? "top" : level == 0 ? "leaf" : $"level{level}";
        return name[..^1] switch
        {
            "a" => $"A.{level}",
            "b" => $"B.{level}",
            "from_below" => $"W.{level}",
            "gate" => $"{place}.gate.weight",
            _ => $"{place}.keys",
        };
    }
}
