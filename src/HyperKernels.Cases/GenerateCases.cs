namespace HyperKernels.Cases;

/// <summary>Weights generated per context and applied at once, in every plan.</summary>
public static class GenerateCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
    [
        .. from plan in new[] { GeneratePlan.Materialise, GeneratePlan.Tile, GeneratePlan.Reassociate }
           from sizes in s_sizes
           from based in new[] { true, false }
           where based || sizes.B <= 3
           where plan != GeneratePlan.Materialise || sizes.B < 60
           select Row(plan, sizes.B, sizes.T, sizes.I, sizes.O, sizes.H, based),
    ];

    // Several blocks of outputs, and of outputs and samples; then rows enough for weights to be generated in a GPU's local memory, and
    // several tiles of contexts, rows and outputs there.
    private static readonly (int B, int T, int I, int O, int H)[] s_sizes =
    [
        (0, 2, 3, 4, 2), (1, 1, 1, 1, 1), (3, 0, 4, 2, 3), (2, 3, 5, 7, 4), (3, 2, 4, 5, 0), (5, 1, 17, 13, 3), (3, 4, 1, 9, 2), (37, 1, 19, 97, 3), (67, 1, 1033, 2, 1),
        (6, 7, 12, 8, 8), (5, 35, 11, 37, 6),
    ];

    private static OpCase Row(GeneratePlan plan, int b, int t, int i, int o, int h, bool based) => new()
    {
        Op = "generate_linear",
        Sizes = $"B={b} T={t} I={i} O={o} H={h} plan={plan}{(based ? "" : " no base")}",
        Inputs =
        [
            CaseInput.Normal("x", [b, t, i]),
            CaseInput.Normal("z", [b, h]),
            CaseInput.Normal("generator", [o, i, h], 0.5),
            .. based ? [CaseInput.Normal("baseWeight", [o, i])] : Array.Empty<CaseInput>(),
        ],
        Run = x => Ops.GenerateLinear(x[0], x[1], x[2], based ? x[3] : null, plan),
        Oracle = x => Oracle(x, based),
        SumsProducts = true,
        TwiceDifferentiable = b * t * i * o < 3000,
        Flops = 2.0 * b * i * o * (h + t),
        Bytes = 4.0 * (((double)i * o * (h + 1)) + ((double)b * (h + (t * (i + o))))),
    };

    private static Plain Oracle(Plain[] inputs, bool based)
    {
        (Plain x, Plain z, Plain generator) = (inputs[0], inputs[1], inputs[2]);
        Plain y = new(x.Shape[0], x.Shape[1], generator.Shape[0]);
        for (int b = 0; b < x.Shape[0]; b++)
        {
            for (int o = 0; o < generator.Shape[0]; o++)
            {
                for (int i = 0; i < x.Shape[2]; i++)
                {
                    double weight = based ? inputs[3][o, i] : 0;
                    for (int h = 0; h < z.Shape[1]; h++)
                    {
                        weight += z[b, h] * generator[o, i, h];
                    }
                    for (int t = 0; t < x.Shape[1]; t++)
                    {
                        y[b, t, o] += x[b, t, i] * weight;
                    }
                }
            }
        }
        return y;
    }
}
