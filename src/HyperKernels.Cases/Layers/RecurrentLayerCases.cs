using HyperKernels.Layers;
using static HyperKernels.Cases.LayerCases;

namespace HyperKernels.Cases;

/// <summary>Recurrent cells: one step from zeros, and several from a given state.</summary>
internal static class RecurrentLayerCases
{
    public static IEnumerable<LayerCase> All
    {
        get
        {
            foreach ((int batch, int steps, int inputs, int hidden, bool bias) in new[]
            {
                (4, 3, 3, 5, true), (2, 2, 4, 1, false), (6, 5, 2, 3, true), (17, 2, 7, 11, true),
            })
            {
                string sizes = $"B={batch} T={steps} I={inputs} H={hidden}{(bias ? "" : " no bias")}";
                CaseInput x = CaseInput.Normal("x", [batch, steps, inputs]);
                CaseInput state = CaseInput.Normal("hidden", [batch, hidden]);
                bool small = batch < 10;
                yield return Row(
                    sizes, random => new GruCell(inputs, hidden, bias, random), [x, state],
                    (cell, v) => Run(cell, v[0], v[1]),
                    p => Gru(p, p.Input(0), p.Input(1)), sets: small, twice: batch * steps < 13);
                yield return Row(
                    sizes, random => new LstmCell(inputs, hidden, bias, random), [x, state, CaseInput.Normal("cell", [batch, hidden])],
                    (cell, v) =>
                    {
                        (Tensor h, Tensor c) = (v[1], v[2]);
                        for (int t = 0; t < steps; t++)
                        {
                            (h, c) = cell.Forward(At(v[0], t), h, c);
                        }
                        return Ops.Concatenate(1, h, c);
                    },
                    p => Lstm(p, p.Input(0), p.Input(1), p.Input(2)), sets: small, twice: batch * steps < 13);
            }
            yield return Row(
                "B=4 T=1 I=3 H=5 from zeros", random => new GruCell(3, 5, random: random), [CaseInput.Normal("x", [4, 3])], (cell, x) => cell.Forward(x[0]),
                p => Gru(p, p.Input(0).Reshape(p.Input(0).Shape.Insert(1, 1)), new Plain(p.Input(0).Shape[0], 5)), sets: true);
            yield return Row(
                "B=4 T=1 I=3 H=5 from zeros", random => new LstmCell(3, 5, random: random), [CaseInput.Normal("x", [4, 3])], (cell, x) => cell.Forward(x[0]),
                p =>
                {
                    Plain zeros = new(p.Input(0).Shape[0], 5);
                    Plain both = Lstm(p, p.Input(0).Reshape(p.Input(0).Shape.Insert(1, 1)), zeros, zeros);
                    return Indexing.Map(zeros.Shape, i => both[i / 5, i % 5]);
                },
                sets: true);
        }
    }

    /// <summary>The state after all steps of <c>[B, T, I]</c>.</summary>
    public static Tensor Run(GruCell cell, Tensor x, Tensor state)
    {
        for (int t = 0; t < x.Shape[1]; t++)
        {
            state = cell.Forward(At(x, t), state);
        }
        return state;
    }

    private static Tensor At(Tensor x, int step) => Ops.Reshape(Ops.Slice(x, 1, step, 1), x.Shape[0], x.Shape[2]);

    /// <summary>PyTorch's documentation of GRUCell, one line a formula.</summary>
    public static Plain Gru(LayerArguments p, Plain x, Plain state)
    {
        int hidden = state.Shape[1];
        for (int t = 0; t < x.Shape[1]; t++)
        {
            Plain fromInput = PlainOps.Linear(At(x, t), p["weight_ih"], p.Find("bias_ih"));
            Plain fromState = PlainOps.Linear(state, p["weight_hh"], p.Find("bias_hh"));
            Plain next = new(state.Shape);
            for (int i = 0; i < next.Values.Length; i++)
            {
                (int b, int k) = (i / hidden, i % hidden);
                double r = PlainMath.Sigmoid(fromInput[b, k] + fromState[b, k]);
                double z = PlainMath.Sigmoid(fromInput[b, hidden + k] + fromState[b, hidden + k]);
                double n = Math.Tanh(fromInput[b, (2 * hidden) + k] + (r * fromState[b, (2 * hidden) + k]));
                next[i] = ((1 - z) * n) + (z * state[i]);
            }
            state = next;
        }
        return state;
    }

    // PyTorch's documentation of LSTMCell, one line a formula. Output and memory side by side.
    private static Plain Lstm(LayerArguments p, Plain x, Plain output, Plain memory)
    {
        int hidden = output.Shape[1];
        for (int t = 0; t < x.Shape[1]; t++)
        {
            Plain gates = PlainLayers.Add(
                PlainOps.Linear(At(x, t), p["weight_ih"], p.Find("bias_ih")), PlainOps.Linear(output, p["weight_hh"], p.Find("bias_hh")));
            (output, memory) = (new Plain(output.Shape), memory.Clone());
            for (int at = 0; at < memory.Values.Length; at++)
            {
                (int b, int k) = (at / hidden, at % hidden);
                double i = PlainMath.Sigmoid(gates[b, k]);
                double f = PlainMath.Sigmoid(gates[b, hidden + k]);
                double g = Math.Tanh(gates[b, (2 * hidden) + k]);
                double o = PlainMath.Sigmoid(gates[b, (3 * hidden) + k]);
                memory[at] = (f * memory[at]) + (i * g);
                output[at] = o * Math.Tanh(memory[at]);
            }
        }
        return Indexing.Map([output.Shape[0], 2 * hidden], i =>
            i % (2 * hidden) < hidden ? output[i / (2 * hidden), i % hidden] : memory[i / (2 * hidden), i % hidden]);
    }

    private static Plain At(Plain x, int step) => Indexing.Map([x.Shape[0], x.Shape[2]], i => x[i / x.Shape[2], step, i % x.Shape[2]]);
}
