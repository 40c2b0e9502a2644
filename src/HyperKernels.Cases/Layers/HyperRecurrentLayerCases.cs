using HyperKernels.Layers;
using HyperKernels.Models;
using static HyperKernels.Cases.LayerCases;

namespace HyperKernels.Cases;

/// <summary>Recurrent cells whose weights a smaller cell scales in every step, and the plain one that they are compared with.</summary>
internal static class HyperRecurrentLayerCases
{
    private const int Gates = 4;

    public static IEnumerable<LayerCase> All
    {
        get
        {
            foreach ((int batch, int steps, EmbeddingState state) in new[] { (3, 3, EmbeddingState.PreviousStep), (2, 2, EmbeddingState.SameStep) })
            {
                yield return Row(
                    $"B={batch} T={steps} I=2 H=3 K=4 Z=2 {state}",
                    random => new HyperRnnCell(2, 3, 4, 2, state, random),
                    [CaseInput.Normal("x", [steps, batch, 2]), CaseInput.Normal("hidden", [batch, 3]), CaseInput.Normal("hyper", [batch, 4])],
                    (cell, v) =>
                    {
                        (Tensor outputs, HyperRnnState last) = cell.ForwardSequence(v[0], new HyperRnnState(v[1], v[2]));
                        return Ops.Concatenate(1, Ops.Reshape(Ops.Slice(outputs, 0, 0, 1), batch, 3), last.Hidden, last.HyperHidden);
                    },
                    p => HyperRnn(p, state), twice: batch < 3);
                foreach (bool norm in new[] { true, false })
                {
                    HyperLstmOptions options = new() { LayerNorm = norm, EmbeddingState = state, ForgetBias = 0.5f, Epsilon = 0.01f };
                    yield return Row(
                        $"B={batch} T={steps} I=2 H=3 K=4 Z=2 {state}{(norm ? "" : " no norm")}",
                        random => new HyperLstmCell(2, 3, 4, 2, options, random),
                        [
                            CaseInput.Normal("x", [steps, batch, 2]), CaseInput.Normal("hidden", [batch, 3]), CaseInput.Normal("cell", [batch, 3]),
                            CaseInput.Normal("hyper_hidden", [batch, 4]), CaseInput.Normal("hyper_cell", [batch, 4]),
                        ],
                        (cell, v) =>
                        {
                            (Tensor outputs, HyperLstmState last) = cell.ForwardSequence(v[0], new HyperLstmState(v[1], v[2], v[3], v[4]));
                            Tensor first = Ops.Reshape(Ops.Slice(outputs, 0, 0, 1), batch, 3);
                            return Ops.Concatenate(1, first, last.Hidden, last.Cell, last.HyperHidden, last.HyperCell);
                        },
                        p => HyperLstm(p, options), twice: batch < 3);
                }
            }
            foreach (bool norm in new[] { true, false })
            {
                yield return Row(
                    $"B=3 T=3 I=2 H=5{(norm ? "" : " no norm")}",
                    random => new NormLstmCell(2, 5, norm, forgetBias: 0.5f, epsilon: 0.01f, random: random),
                    [CaseInput.Normal("x", [3, 3, 2]), CaseInput.Normal("hidden", [3, 5]), CaseInput.Normal("cell", [3, 5])],
                    (cell, v) =>
                    {
                        (Tensor outputs, NormLstmState last) = cell.ForwardSequence(v[0], new NormLstmState(v[1], v[2]));
                        return Ops.Concatenate(1, Ops.Reshape(Ops.Slice(outputs, 0, 0, 1), 3, 5), last.Hidden, last.Cell);
                    },
                    NormLstm, twice: true);
            }
        }
    }

    private static Plain HyperRnn(LayerArguments p, EmbeddingState which)
    {
        (Plain hidden, Plain hyper) = (p.Input(1), p.Input(2));
        Plain? first = null;
        foreach (Plain x in StepsOf(p.Input(0)))
        {
            Plain read = PlainLayers.Add(
                PlainOps.Linear(x, p["hyper_weight_input"], p["hyper_bias"]), PlainOps.Linear(SideBySide(hidden, hyper), p["hyper_weight_hidden"], null));
            Plain newHyper = read.Map(Math.Tanh);
            Plain source = which == EmbeddingState.SameStep ? newHyper : hyper;
            Plain own = PlainOps.Linear(x, p["weight_input"], null);
            Plain recurrent = PlainOps.Linear(hidden, p["weight_hidden"], null);
            hidden = Scaled(p.Of("scales"), source, own, recurrent, p["bias"], 0, 1).Map(Math.Tanh);
            hyper = newHyper;
            first ??= hidden;
        }
        return SideBySide(first!, hidden, hyper);
    }

    private static Plain HyperLstm(LayerArguments p, HyperLstmOptions options)
    {
        (Plain hidden, Plain cell, Plain hyperHidden, Plain hyperCell) = (p.Input(1), p.Input(2), p.Input(3), p.Input(4));
        Plain? first = null;
        foreach (Plain x in StepsOf(p.Input(0)))
        {
            Plain read = SideBySide(hidden, hyperHidden);
            Plain[] hyperGates = OfGates(gate => PlainLayers.Add(
                PlainOps.Linear(x, Block(p["hyper_weight_input"], gate), Block(p["hyper_bias"], gate)),
                PlainOps.Linear(read, Block(p["hyper_weight_hidden"], gate), null)));
            Plain before = hyperHidden;
            (hyperHidden, hyperCell) = Memory(p.Of("hyper_gates"), hyperGates, hyperCell, options.HyperForgetBias, options.Epsilon);
            Plain source = options.EmbeddingState == EmbeddingState.SameStep ? hyperHidden : before;
            Plain from = hidden;
            Plain[] gates = OfGates(gate => Scaled(
                p.Of("scales"), source, PlainOps.Linear(x, Block(p["weight_input"], gate), null), PlainOps.Linear(from, Block(p["weight_hidden"], gate), null),
                Block(p["bias"], gate), gate, Gates));
            (hidden, cell) = Memory(p.Of("gates"), gates, cell, options.ForgetBias, options.Epsilon);
            first ??= hidden;
        }
        return SideBySide(first!, hidden, cell, hyperHidden, hyperCell);
    }

    private static Plain NormLstm(LayerArguments p)
    {
        (Plain hidden, Plain cell) = (p.Input(1), p.Input(2));
        Plain? first = null;
        foreach (Plain x in StepsOf(p.Input(0)))
        {
            Plain from = hidden;
            Plain[] gates = OfGates(gate => PlainLayers.Add(
                PlainOps.Linear(x, Block(p["weight_input"], gate), Block(p["bias"], gate)), PlainOps.Linear(from, Block(p["weight_hidden"], gate), null)));
            (hidden, cell) = Memory(p.Of("gates"), gates, cell, 0.5f, 0.01f);
            first ??= hidden;
        }
        return SideBySide(first!, hidden, cell);
    }

    /// <summary><c>(A_x z_x) own + (A_h z_h) recurrent + B z_b + bias</c> of one of some gates.</summary>
    private static Plain Scaled(LayerArguments scales, Plain state, Plain own, Plain recurrent, Plain bias, int gate, int gates)
    {
        int size = scales["generator"].Shape[1];
        Plain ofInput = Generated(gate);
        Plain ofHidden = Generated(gates + gate);
        Plain shift = Generated((2 * gates) + gate);
        int features = own.Shape[1];
        return Indexing.Map(own.Shape, i => (ofInput[i] * own[i]) + (ofHidden[i] * recurrent[i]) + shift[i] + bias[i % features]);

        Plain Generated(int which)
        {
            Plain embedding = Indexing.Map([size, state.Shape[1]], i => scales["embedding"][(which * size) + (i / state.Shape[1]), i % state.Shape[1]]);
            // Embeddings of shifts have no bias.
            Plain offsets = Indexing.Map([size], i => which < 2 * gates ? scales["embedding_bias"][(which * size) + i] : 0);
            Plain z = PlainOps.Linear(state, embedding, offsets);
            Plain readOut = Indexing.Map([own.Shape[1], size], i => scales["generator"][which, i % size, i / size]);
            return PlainOps.Linear(z, readOut, null);
        }
    }

    /// <summary>The memory behind the gates i, j, f, o, one line a formula.</summary>
    private static (Plain Hidden, Plain Cell) Memory(LayerArguments p, Plain[] gates, Plain cell, float forgetBias, float epsilon)
    {
        int features = cell.Shape[1];
        Plain[] g = [.. gates.Select((gate, k) => Norm(gate, Row(p.Find("norm_gain"), k), Row(p.Find("norm_shift"), k)))];
        Plain next = Indexing.Map(cell.Shape, i =>
            (cell[i] * PlainMath.Sigmoid(g[2][i] + forgetBias)) + (PlainMath.Sigmoid(g[0][i]) * Math.Tanh(g[1][i])));
        Plain shown = Norm(next, p.Find("cell_norm_gain"), p.Find("cell_norm_shift"));
        return (Indexing.Map(cell.Shape, i => Math.Tanh(shown[i]) * PlainMath.Sigmoid(g[3][i])), next);

        Plain Norm(Plain x, Plain? gain, Plain? shift) => gain is null
            ? x
            : PlainLayers.Scale(PlainOps.Normalize(x, x.Shape[0], i => i / features, epsilon), gain, shift);

        Plain? Row(Plain? rows, int k) => rows is null ? null : Indexing.Map([features], i => rows[k, i]);
    }

    private static Plain[] OfGates(Func<int, Plain> gate) => [.. Enumerable.Range(0, Gates).Select(gate)];

    private static Plain Block(Plain blocks, int gate)
    {
        Plain block = blocks.Block(gate, Gates);
        return block.Shape[1] == 1 ? block.Reshape([block.Shape[2]]) : block.Reshape([block.Shape[1], block.Shape[2]]);
    }

    private static IEnumerable<Plain> StepsOf(Plain x) =>
        Enumerable.Range(0, x.Shape[0]).Select(step => x.Block(step, x.Shape[0]).Reshape([x.Shape[1], x.Shape[2]]));

    private static Plain SideBySide(params Plain[] parts)
    {
        int[] starts = new int[parts.Length + 1];
        for (int i = 0; i < parts.Length; i++)
        {
            starts[i + 1] = starts[i] + parts[i].Shape[1];
        }
        return Indexing.Map([parts[0].Shape[0], starts[^1]], i =>
        {
            (int row, int column) = (i / starts[^1], i % starts[^1]);
            int part = Array.FindLastIndex(starts, start => start <= column);
            return parts[part][row, column - starts[part]];
        });
    }
}
