using HyperKernels.Layers;
using static HyperKernels.Cases.LayerCases;

namespace HyperKernels.Cases;

/// <summary>What a hypernetwork's generator reads: every kind of condition in every encoding, some of them outside their ranges.</summary>
internal static class ConditioningLayerCases
{
    private const int Rows = 7;

    public static IEnumerable<LayerCase> All =>
    [
        .. new[] { Encoding.CosSin, Encoding.Complement, Encoding.None }.Select(encoding => Row(
            $"C={Rows} every kind, {encoding}",
            random => new DeclaredConditioning(
                [
                    Condition.Raw("features", 2), Condition.Range("s", -1, 3), Condition.Categorical("kind", 3), Condition.LogRange("decay", 0.01, 1),
                    Condition.Embedding("task", 4, 3), Condition.Unit("t", 2),
                ],
                encoding, random),
            [
                CaseInput.Normal("features", [Rows, 2]), CaseInput.Uniform("s", [Rows], -2, 4), CaseInput.Ints("kind", [Rows], 3),
                CaseInput.Uniform("decay", [Rows, 1], 0.005, 1.2), CaseInput.Ints("task", [Rows], 4), CaseInput.Uniform("t", [Rows, 2], 0.01, 0.99),
            ],
            (layer, x) => layer.Forward(x),
            p => Answer(p, encoding), twice: true)),
        Row(
            "C=1 one embedding", random => new DeclaredConditioning([Condition.Embedding("task", 2, 5)], random: random),
            [CaseInput.FixedInts("task", [1], [1])], (layer, x) => layer.Forward(x), p => new Plain([1, 5], p["task"].Values[5..]), twice: true),
    ];

    /// <summary>Numbers between 0 and 1 as the generator sees them: all first halves, then all second halves.</summary>
    public static IEnumerable<double> Encode(IReadOnlyList<double> gamma, Encoding encoding) => encoding.Name switch
    {
        // Gonzalez Ortiz, Guttag, Dalca, ICLR 2024.
        nameof(Encoding.CosSin) => [.. gamma.Select(g => Math.Cos(Math.PI * g / 2)), .. gamma.Select(g => Math.Sin(Math.PI * g / 2))],
        nameof(Encoding.Complement) => [.. gamma, .. gamma.Select(g => 1 - g)],
        _ => gamma,
    };

    // Ranges in the order of their names; then raw numbers, categories, embeddings.
    private static Plain Answer(LayerArguments p, Encoding encoding)
    {
        (Plain features, Plain s, Plain kind, Plain decay, Plain task, Plain t) = (p.Input(0), p.Input(1), p.Input(2), p.Input(3), p.Input(4), p.Input(5));
        double[][] rows =
        [
            .. Enumerable.Range(0, Rows).Select(row => (double[])
            [
                .. Encode(
                    [
                        (Math.Log(Math.Clamp(decay[row], 0.01, 1)) - Math.Log(0.01)) / (Math.Log(1) - Math.Log(0.01)), (Math.Clamp(s[row], -1, 3) + 1) / 4,
                        t[row, 0], t[row, 1],
                    ],
                    encoding),
                features[row, 0], features[row, 1],
                .. Enumerable.Range(0, 3).Select(category => kind.Int(row) == category ? 1.0 : 0),
                .. Enumerable.Range(0, 3).Select(i => p["task"][task.Int(row), i]),
            ]),
        ];
        return new Plain([Rows, rows[0].Length], [.. rows.SelectMany(row => row)]);
    }
}
