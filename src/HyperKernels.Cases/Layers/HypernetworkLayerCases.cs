using HyperKernels.Layers;
using static HyperKernels.Cases.LayerCases;

namespace HyperKernels.Cases;

/// <summary>Hypernetworks in every emission plan, with one weight set for the batch, one per block and one per sample, over several targets.</summary>
internal static class HypernetworkLayerCases
{
    private static readonly int[] s_unequal = [2, 0, 2, 2, 3, 2];

    // Blocks of equal size would be nearly empty: every sample gets its own copy of a set.
    private static readonly int[] s_oneOfMany = [3, 3, 3, 3, 3, 3];

    // Blocks of one set each: the order of the samples is not that of the sets.
    private static readonly int[] s_shuffled = [1, 0, 2, 1, 2, 0];

    public static IEnumerable<LayerCase> All => [.. ConditioningLayerCases.All, .. Generators, .. Plans, .. Options, .. Targets];

    private static IEnumerable<LayerCase> Generators =>
    [
        Row(
            "C=5 3-7-4 leaky relu", random => new GeneratorMlp(3, [7, 4], Activation.LeakyRelu(0.2f), Initializer.Default, random),
            CaseInput.Normal("z", [5, 3]), p => Hidden(p, 2, x => x > 0 ? x : 0.2f * x), twice: true),
        Row(
            "C=5 no layers", random => new GeneratorMlp(3, [], Activation.Tanh, Initializer.Default, random), CaseInput.Normal("z", [5, 3]),
            p => p.Input(0), twice: true),
    ];

    private static IEnumerable<LayerCase> Plans =>
        from plan in new[] { EmissionPlan.Full, EmissionPlan.Heads, EmissionPlan.Chunks }
        from rows in new[] { 1, 3, 6 }
        select OfDense($"B=6 C={rows} target 3-4-2, {plan}", plan, rows, twice: rows == 3);

    private static IEnumerable<LayerCase> Options =>
    [
        OfDense("B=6 C=4 target 3-4-2, Full, unequal blocks", EmissionPlan.Full, 4, rowOf: s_unequal),
        OfDense("B=6 C=9 target 3-4-2, Full, one block of many", EmissionPlan.Full, 9, rowOf: s_oneOfMany),
        OfDense("B=6 C=3 target 3-4-2, Heads, shuffled blocks", EmissionPlan.Heads, 3, rowOf: s_shuffled),
        OfDense("B=6 C=3 target 3-4-2, Chunks, shuffled blocks", EmissionPlan.Chunks, 3, rowOf: s_shuffled),
        OfDense("B=6 C=6 target 3-4-2, Full, no base weights", EmissionPlan.Full, 6, baseWeights: BaseWeights.None),
        OfDense("B=6 C=2 target 3-4-2, Chunks, no base weights", EmissionPlan.Chunks, 2, baseWeights: BaseWeights.None),
        OfDense("B=6 C=6 target 3-4-2, Heads, base weights from zero", EmissionPlan.Heads, 6, baseWeights: BaseWeights.Zero),
        OfDense("B=6 C=6 target 3-4-2, Full, complement", EmissionPlan.Full, 6, encoding: Encoding.Complement),
        OfDense("B=6 C=3 target 3-4-2, Full, learned vectors beside", EmissionPlan.Full, 3, learned: true),
        OfDense("B=6 C=2 target 3-4-2, Chunks, learned vectors beside, nothing encoded", EmissionPlan.Chunks, 2, encoding: Encoding.None, learned: true),
        OfDense("B=6 C=6 target 3-4-2, Full, first layer only", EmissionPlan.Full, 6, pattern: "0.*"),
        OfDense("B=6 C=1 target 3-4-2, Heads, biases only", EmissionPlan.Heads, 1, pattern: "*.bias"),
    ];

    private static IEnumerable<LayerCase> Targets
    {
        get
        {
            (string, Shape)[] convolution =
                [("0.weight", [2, 1, 3, 3]), ("0.bias", [2]), ("1.weight", [2]), ("1.bias", [2]), ("4.weight", [3, 8]), ("4.bias", [3])];
            foreach ((int rows, int[]? rowOf) in new (int, int[]?)[] { (1, null), (2, null), (4, null), (3, [2, 0, 2, 1]) })
            {
                yield return Of(
                    $"B=4 C={rows} target of convolution, norm and linear, Full{(rowOf is null ? "" : ", unequal blocks")}", EmissionPlan.Full, rows,
                    CaseInput.Normal("x", [4, 1, 4, 4]), convolution,
                    random => new Sequential(
                        new Conv2d(1, 2, 3, random: random), new GroupNorm(1, 2), new Tanh(), new Flatten(), new Linear(8, 3, random: random)),
                    (p, x) =>
                    {
                        Plain planes = ConvCases.Answer(x, p["0.weight"], p["0.bias"], new());
                        Plain scaled = PlainLayers.Scale(PlainOps.Normalize(planes, x.Shape[0], i => i / 8, 1e-5f), p["1.weight"], p["1.bias"], 4);
                        return PlainOps.Linear(scaled.Map(Math.Tanh).Reshape([x.Shape[0], 8]), p["4.weight"], p["4.bias"]);
                    },
                    rowOf);
            }
            (string, Shape)[] cell = [("weight_ih", [15, 3]), ("weight_hh", [15, 5]), ("bias_ih", [15]), ("bias_hh", [15])];
            yield return Of(
                "B=4 C=4 T=3 target gru_cell, Full, applied", EmissionPlan.Full, 4, CaseInput.Normal("x", [4, 3, 3]), cell,
                random => new GruCell(3, 5, random: random), (p, x) => RecurrentLayerCases.Gru(p, x, new Plain(x.Shape[0], 5)),
                run: (hyper, x) =>
                {
                    using IDisposable weights = hyper.Apply(x[1]);
                    return RecurrentLayerCases.Run((GruCell)hyper.Target, x[0], Tensor.Zeros([4, 5], x[0].Device));
                });
            (string, Shape)[] table = [("0.weight", [5, 3]), ("1.weight", [2, 3]), ("1.bias", [2])];
            yield return Of(
                "B=6 C=3 target of embedding and linear, Heads", EmissionPlan.Heads, 3, CaseInput.Ints("x", [6, 2], 5), table,
                random => new Sequential(new Embedding(5, 3, random), new Linear(3, 2, random: random)),
                (p, x) => PlainOps.Linear(PlainOps.Embedding(x, p["0.weight"]), p["1.weight"], p["1.bias"]));
        }
    }

    private static LayerCase OfDense(
        string sizes, EmissionPlan plan, int rows, int[]? rowOf = null, BaseWeights baseWeights = BaseWeights.Target, Encoding? encoding = null,
        string pattern = "*", bool learned = false, bool twice = false)
    {
        (string Name, Shape Shape)[] all = [("0.weight", [4, 3]), ("0.bias", [4]), ("2.weight", [2, 4]), ("2.bias", [2])];
        return Of(
            sizes, plan, rows, CaseInput.Normal("x", [6, 3]),
            [.. all.Where(entry => pattern == "*" || (pattern == "0.*" ? entry.Name[0] == '0' : entry.Name.EndsWith("bias", StringComparison.Ordinal)))],
            random => new Sequential(new Linear(3, 4, random: random), new Tanh(), new Linear(4, 2, random: random)),
            (p, x) => PlainLayers.Mlp(p, x, 2, Math.Tanh), rowOf, baseWeights, encoding, pattern, learned, twice);
    }

    private static LayerCase Of(
        string sizes, EmissionPlan plan, int rows, CaseInput input, (string, Shape)[] generated, Func<RandomStream, Layer> target,
        Func<LayerArguments, Plain, Plain> oracle, int[]? rowOf = null, BaseWeights baseWeights = BaseWeights.Target, Encoding? encoding = null,
        string pattern = "*", bool learned = false, bool twice = false, Func<HyperNetwork, Tensor[], Tensor>? run = null)
    {
        int samples = input.Shape[0];
        PlainHyperNetwork plain = new(oracle, generated, Math.Tanh);
        run ??= rowOf is null ? (hyper, x) => hyper.Forward(x[0], x[1..]) : (hyper, x) => hyper.Forward(x[0], x[1..], rowOf);
        Condition[] conditions = learned ? [Condition.Unit("t"), Condition.Embedding("task", 4, 3)] : [Condition.Unit("t")];
        CaseInput t = CaseInput.Uniform("t", [rows], 0.05, 0.95);
        return Row(
            sizes,
            random => HyperNetwork.For(
                target(random), conditions, [5, 4], pattern,
                new HyperNetworkOptions
                {
                    Activation = Activation.Tanh, Emission = plan, ChunkSize = 7, ChunkEmbedding = 2, Base = baseWeights,
                    Encoding = encoding ?? Encoding.CosSin, Random = random,
                }),
            learned ? [input, t, CaseInput.Ints("task", [rows], 4)] : [input, t],
            run,
            p =>
            {
                double[][] told =
                [
                    .. Enumerable.Range(0, rows).Select(row => (double[])
                    [
                        .. ConditioningLayerCases.Encode([p.Input(1)[row]], encoding ?? Encoding.CosSin),
                        .. learned ? p["conditioning.task"].Block(p.Input(2).Int(row), 4).Values : [],
                    ]),
                ];
                Plain embedding = new([rows, told[0].Length], [.. told.SelectMany(row => row)]);
                Plain weights = plan switch
                {
                    EmissionPlan.Heads => plain.Heads(p, embedding),
                    EmissionPlan.Chunks => plain.Chunks(p, embedding),
                    _ => plain.Full(p, embedding),
                };
                return plain.Apply(p, weights, p.Input(0), rowOf ?? [.. Enumerable.Range(0, samples).Select(sample => sample / (samples / rows))]);
            },
            twice: twice);
    }

    private static Plain Hidden(LayerArguments p, int layers, Func<double, double> activation)
    {
        Plain x = p.Input(0);
        for (int i = 0; i < layers; i++)
        {
            x = PlainOps.Linear(x, p[$"hidden{i}.weight"], p[$"hidden{i}.bias"]).Map(activation);
        }
        return x;
    }
}
