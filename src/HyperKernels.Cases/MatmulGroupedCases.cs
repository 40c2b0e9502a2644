namespace HyperKernels.Cases;

/// <summary>Dense layers with a weight matrix for every group of rows.</summary>
public static class MatmulGroupedCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
    [
        Linear([], 2, 3, 4, bias: true),
        Linear([0], 1, 1, 1, bias: false, twice: true),
        Linear([2, 0, 2, 2, 0], 4, 3, 2, bias: true, twice: true),
        Linear([1, 1, 0, 1], 2, 5, 3, bias: true, Activation.Gelu, twice: true),
        Linear([1, 0, 3, 1], 4, 3, 5, bias: false, Activation.Relu),
        Linear([.. Random(101, 5)], 5, 37, 29, bias: true, Activation.Tanh),
        Linear([.. Random(700, 3)], 3, 65, 130, bias: true, benchmark: true),
        Linear([], 2, 3, 4, bias: true, typed: true),
        Linear([2, 0, 2, 2, 0], 4, 3, 2, bias: true, Activation.Tanh, twice: true, typed: true),
        Linear([.. Random(131, 5)], 5, 37, 29, bias: false, typed: true),
        Mix(0, 2, 3, 4),
        Mix(1, 1, 1, 1, twice: true),
        Mix(5, 2, 4, 3, twice: true),
        Mix(61, 3, 7, 37),
    ];

    /// <summary>What the groups of each row gave, added up by shares.</summary>
    private static OpCase Mix(int rows, int each, int groups, int outputs, bool twice = false)
    {
        int[] groupOfRow = [.. Random(rows * each, groups + 1)];
        int[] order = [.. Enumerable.Range(0, groupOfRow.Length).OrderBy(row => groupOfRow[row])];
        return new OpCase
        {
            Op = "mix_groups",
            Sizes = $"N={rows} K={each} E={groups} O={outputs}",
            Inputs =
            [
                CaseInput.Normal("sorted", [rows * each, outputs]),
                CaseInput.Normal("shares", [rows, each]),
                CaseInput.FixedInts("groups", [rows, each], groupOfRow),
            ],
            Run = v => Ops.MixGroups(v[0], RowGroups.Of(v[2], groups), v[1]),
            Oracle = v =>
            {
                Plain y = new(rows, outputs);
                for (int place = 0; place < order.Length; place++)
                {
                    (int row, int slot) = (order[place] / each, order[place] % each);
                    for (int o = 0; o < outputs; o++)
                    {
                        y[row, o] += v[1][row, slot] * v[0][place, o];
                    }
                }
                return y;
            },
            SumsProducts = true,
            TwiceDifferentiable = twice,
            Flops = 2.0 * rows * each * outputs,
            Bytes = 4.0 * ((rows * each * outputs) + (rows * each) + (rows * outputs)),
        };
    }

    // The last group is left empty.
    private static IEnumerable<int> Random(int rows, int groups)
    {
        Random random = new(rows);
        return Enumerable.Range(0, rows).Select(_ => random.Next(groups - 1));
    }

    private static OpCase Linear(
        int[] groupOfRow, int groups, int inputs, int outputs, bool bias, Activation activation = default, bool twice = false, bool benchmark = false,
        bool typed = false)
    {
        // Rows by group, or as they come.
        int[] rowGroups = typed ? groupOfRow : [.. groupOfRow.Order()];
        double products = (double)rowGroups.Length * inputs * outputs;
        return new OpCase
        {
            Op = typed ? "linear_typed" : "linear_grouped",
            Sizes = $"M={rowGroups.Length} E={groups} I={inputs} O={outputs}{(bias ? "" : " no bias")}{(activation == Activation.None ? "" : $" {activation.Kind}")}",
            Inputs =
            [
                CaseInput.Normal("x", [rowGroups.Length, inputs]),
                CaseInput.Normal("weight", [groups, outputs, inputs]),
                CaseInput.Normal("bias", bias ? [groups, outputs] : [0]),
            ],
            Run = v =>
            {
                RowGroups of = RowGroups.Of(groupOfRow, groups, v[0].Device);
                return typed ? Ops.LinearTyped(v[0], v[1], of, bias ? v[2] : null, activation) : Ops.LinearGrouped(v[0], v[1], of, bias ? v[2] : null, activation);
            },
            Oracle = v =>
            {
                // Every row is a batch of one with a weight set of its own.
                Plain[] rows =
                [
                    .. rowGroups.Select((group, row) => PlainOps.Linear(
                        v[0].Block(row, rowGroups.Length), v[1].Block(group, groups).Reshape([outputs, inputs]),
                        bias ? v[2].Block(group, groups).Reshape([outputs]) : null, activation)),
                ];
                return rows.Length == 0 ? new Plain(0, outputs) : Plain.Concatenate(rows);
            },
            SumsProducts = activation == Activation.None,
            TwiceDifferentiable = twice,
            Benchmark = benchmark,
            Flops = 2 * products,
            Bytes = 4.0 * ((rowGroups.Length * (inputs + (double)outputs)) + (groups * (double)inputs * outputs)),
        };
    }
}
