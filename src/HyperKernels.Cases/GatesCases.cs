namespace HyperKernels.Cases;

/// <summary>The gates of recurrent cells.</summary>
public static class GatesCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
    [
        .. Lstm(1, 1), .. Lstm(0, 3), .. Lstm(3, 5), .. Lstm(4, 16), .. Lstm(7, 19), .. Lstm(17, 1031),
    ];

    private static IEnumerable<OpCase> Lstm(int rows, int features)
    {
        foreach (LstmOrder order in Enum.GetValues<LstmOrder>())
        {
            foreach (bool behind in new[] { false, true })
            {
                // One output, so that one number tells: both results side by side.
                yield return new OpCase
                {
                    Op = "lstm_gates",
                    Sizes = $"B={rows} F={features} {order}{(behind ? " one behind the other" : "")}",
                    Inputs = [CaseInput.Normal("gates", behind ? [4, rows, features] : [rows, 4 * features]), CaseInput.Normal("cell", [rows, features])],
                    Run = x =>
                    {
                        (Tensor cell, Tensor opened) = Ops.LstmGates(x[0], x[1], 0.5f, order);
                        return Ops.Concatenate(1, cell, opened);
                    },
                    Oracle = x => Lstm(x[0], x[1], order, behind),
                    TwiceDifferentiable = rows * features is > 0 and < 40,
                    Flops = 20.0 * rows * features,
                    Bytes = 4.0 * 7 * rows * features,
                };
            }
        }
        // Parts of wider tensors: their rows are further apart than they are long.
        yield return new OpCase
        {
            Op = "lstm_gates",
            Sizes = $"B={rows} F={features} slices",
            Inputs = [CaseInput.Normal("gates", [rows, (4 * features) + 3]), CaseInput.Normal("cell", [rows, features + 2])],
            Run = x => Ops.LstmGates(Ops.Slice(x[0], 1, 2, 4 * features), Ops.Slice(x[1], 1, 1, features), 0.5f).Cell,
            Oracle = x =>
            {
                Plain both = Lstm(x[0].Columns(2, [rows, 4 * features]), x[1].Columns(1, [rows, features]), LstmOrder.InputForgetCandidateOutput, false);
                return both.Columns(0, [rows, features]);
            },
            TwiceDifferentiable = rows * features is > 0 and < 40,
        };
    }

    private static Plain Lstm(Plain gates, Plain cell, LstmOrder order, bool behind)
    {
        (int rows, int features) = (cell.Shape[0], cell.Shape[1]);
        (int forget, int candidate) = order == LstmOrder.InputForgetCandidateOutput ? (1, 2) : (2, 1);
        Plain result = new(new Shape(rows, 2 * features));
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < features; i++)
            {
                double Gate(int gate) => gates.Values[behind ? (((gate * rows) + row) * features) + i : (((row * 4) + gate) * features) + i];
                double kept = PlainMath.Sigmoid(Gate(forget) + 0.5) * cell[row, i];
                result.Values[(row * 2 * features) + i] = kept + (PlainMath.Sigmoid(Gate(0)) * Math.Tanh(Gate(candidate)));
                result.Values[(((row * 2) + 1) * features) + i] = PlainMath.Sigmoid(Gate(3));
            }
        }
        return result;
    }
}
