using HyperKernels.Layers;
using static HyperKernels.Cases.LayerCases;

namespace HyperKernels.Cases;

/// <summary>Linear layers, what is built of them, and layers that only move or drop values.</summary>
internal static class DenseLayerCases
{
    public static IEnumerable<LayerCase> All => [.. Linears, .. Mlps, .. Containers, .. Embeddings, .. Dropouts];

    private static IEnumerable<LayerCase> Linears =>
    [
        Linear([0, 3], 2, bias: true),
        Linear([1, 1], 1, bias: true),
        Linear([6, 5], 3, bias: true, sets: true, twice: true),
        Linear([4, 3, 5], 2, bias: false, sets: true),
        Linear([37, 67], 33, bias: true),
    ];

    private static IEnumerable<LayerCase> Mlps =>
    [
        Row(
            "B=6 4-7-5-2 tanh", random => new Mlp([4, 7, 5, 2], Activation.Tanh, random: random), CaseInput.Normal("x", [6, 4]),
            p => PlainLayers.Mlp(p, p.Input(0), 3, Math.Tanh), sets: true, twice: true),
        Row(
            "B=4 T=3 5-33-1 relu no bias", random => new Mlp([5, 33, 1], Activation.Relu, bias: false, random: random), CaseInput.Normal("x", [4, 3, 5]),
            p => PlainLayers.Mlp(p, p.Input(0), 2, x => Math.Max(x, 0)), sets: true),
    ];

    private static IEnumerable<LayerCase> Containers
    {
        get
        {
            CaseInput x = CaseInput.Normal("x", [4, 5]);
            yield return Row("B=4 no layers", _ => new Sequential(), x, p => p.Input(0));
            yield return Row(
                "B=4 linear 5-7, sigmoid, linear 7-3",
                random => new Sequential(new Linear(5, 7, random: random), new Sigmoid(), new Linear(7, 3, random: random)), x,
                p => PlainLayers.Mlp(p, p.Input(0), 2, PlainMath.Sigmoid), sets: true, twice: true);
            yield return Row(
                "B=4 linear 5-5, tanh, the same again", random => Tied(new Linear(5, 5, random: random)), x,
                p => PlainOps.Linear(PlainOps.Linear(p.Input(0), p["0.weight"], p["0.bias"]).Map(Math.Tanh), p["0.weight"], p["0.bias"]), sets: true);
            yield return Row(
                "B=4 linear 5-5", random => new Residual(new Linear(5, 5, random: random)), x,
                p => PlainLayers.Add(p.Input(0), PlainOps.Linear(p.Input(0), p["inner.weight"], p["inner.bias"])), sets: true, twice: true);
            foreach ((Shape shape, int start, Shape flat) in new (Shape, int, Shape)[]
            {
                ([2, 3, 5], 1, [2, 15]), ([0, 3, 5], 1, [0, 15]), ([2, 3, 5, 7], 2, [2, 3, 35]),
            })
            {
                yield return Row($"X={shape} from {start}", _ => new Flatten(start), CaseInput.Normal("x", shape), p => p.Input(0).Reshape(flat), twice: shape.Count > 0);
            }
        }
    }

    private static IEnumerable<LayerCase> Embeddings
    {
        get
        {
            foreach ((Shape indices, int rows, int size, bool sets) in new (Shape, int, int, bool)[]
            {
                ([0], 1, 1, false), ([6], 5, 3, true), ([4, 7], 67, 33, true),
            })
            {
                yield return Row(
                    $"B={indices} V={rows} F={size}", random => new Embedding(rows, size, random), CaseInput.Ints("indices", indices, rows),
                    p => PlainOps.Embedding(p.Input(0), p["weight"]), sets, twice: sets);
            }
        }
    }

    private static IEnumerable<LayerCase> Dropouts
    {
        get
        {
            CaseInput x = CaseInput.Normal("x", [5, 41]);
            yield return Row(
                "X=[5, 41] p=0.25", _ => new Dropout(0.25f, RandomCases.Stream()), x, p => RandomCases.Dropped(p.Input(0), 0.25f),
                twice: true, notStored: "a copy draws from a stream of its own");
            yield return Row("X=[5, 41] p=1", _ => new Dropout(1, RandomCases.Stream()), x, p => p.Input(0).Map(_ => 0), twice: true);
            yield return Row("X=[5, 41] p=0.25 evaluating", _ => Evaluating(new Dropout(0.25f)), x, p => p.Input(0), twice: true);
        }
    }

    /// <summary>A layer that was told not to train.</summary>
    internal static TLayer Evaluating<TLayer>(TLayer layer)
        where TLayer : Layer
    {
        layer.Eval();
        return layer;
    }

    private static Sequential Tied(Linear linear) => [linear, new Tanh(), linear];

    private static LayerCase Linear(Shape x, int outputs, bool bias, bool sets = false, bool twice = false) => Row(
        $"X={x} O={outputs}{(bias ? "" : " no bias")}", random => new Linear(x[-1], outputs, bias, random), CaseInput.Normal("x", x),
        p => PlainOps.Linear(p.Input(0), p["weight"], p.Find("bias")), sets, twice);
}
