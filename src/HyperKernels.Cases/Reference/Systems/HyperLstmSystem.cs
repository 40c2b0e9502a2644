using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>
/// A HyperLSTM over a sequence. The authors' matrices are (in, out) with the gates side by side, and each gate's embeddings are parameters of
/// their own; the cell holds a block per gate, and all gates' embeddings in one tensor.
/// </summary>
public sealed class HyperLstmSystem : IReferenceSystem
{
    private const int GateCount = 4;
    private static readonly string[] s_gates = ["i", "j", "f", "o"];

    /// <inheritdoc/>
    public string Name => "HyperLSTM";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        if (source.Text("gate_order", "i,j,f,o") is not "i,j,f,o" and string order)
        {
            throw new InvalidDataException($"{source.Path}: the gate order \"{order}\" is not known; known is \"i,j,f,o\".");
        }
        HyperLstmOptions options = new()
        {
            LayerNorm = source.Flag("layer_norm", true),
            EmbeddingState = HyperRnnSystem.StateOf(source, EmbeddingState.SameStep),
            ForgetBias = (float)source.Number("forget_bias", 1),
            HyperForgetBias = (float)source.Number("hyper_forget_bias", 1),
            Epsilon = (float)source.Number("eps", 1e-3),
        };
        HyperLstmCell cell = run.Own(new HyperLstmCell(
            source.Int("nx"), source.Int("nh"), source.Int("hyper_units", 128), source.Int("embedding", 16), options, new RandomStream(0)));
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in cell.NamedParameters())
        {
            values.Add(parameter, Value(run, name));
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        Tensor x = run.Input("x");
        (Tensor outputs, HyperLstmState state) = cell.ForwardSequence(x, cell.ZeroState(x.Shape[1], run.Device));
        return new Dictionary<string, Tensor>
        {
            ["h"] = outputs,
            ["c"] = state.Cell,
            ["hyper_h"] = state.HyperHidden,
            ["hyper_c"] = state.HyperCell,
        };
    }

    private static Tensor Value(ReferenceRun run, string name) => name switch
    {
        "weight_input" => ByGate(run.Parameter("W_xh")),
        "weight_hidden" => ByGate(run.Parameter("W_hh")),
        "bias" => Rows(run.Parameter("bias"), keepAxis: true),
        "hyper_weight_input" => ByGate(Ops.Slice(run.Parameter("hyper.W_xh"), 0, 0, run.Case.Int("nx"))),
        "hyper_weight_hidden" => ByGate(Ops.Concatenate(
            0, Ops.Slice(run.Parameter("hyper.W_xh"), 0, run.Case.Int("nx"), run.Case.Int("nh")), run.Parameter("hyper.W_hh_i"))),
        "hyper_bias" => Rows(run.Parameter("hyper.bias"), keepAxis: true),
        "scales.embedding" => Together(Ops.Transpose(Ops.Concatenate(0, Scales(run, "zw.w"), Stack(run, "b", "zb.w")))),
        "scales.embedding_bias" => Ops.Reshape(Scales(run, "zw.b"), [-1]),
        "scales.generator" => Ops.Concatenate(0, Scales(run, "alpha.w"), Stack(run, "b", "beta.w")),
        "gates.norm_gain" => Rows(run.Parameter("ln_all.gamma")),
        "gates.norm_shift" => Rows(run.Parameter("ln_all.beta")),
        "gates.cell_norm_gain" => run.Parameter("ln_c.gamma"),
        "gates.cell_norm_shift" => run.Parameter("ln_c.beta"),
        "hyper_gates.norm_gain" => Rows(run.Parameter("hyper.ln.gamma")),
        "hyper_gates.norm_shift" => Rows(run.Parameter("hyper.ln.beta")),
        "hyper_gates.cell_norm_gain" => run.Parameter("hyper.ln_c.gamma"),
        "hyper_gates.cell_norm_shift" => run.Parameter("hyper.ln_c.beta"),
        _ => throw new InvalidDataException($"{run.Case.Path}: the case has nothing for the cell's parameter \"{name}\"."),
    };

    /// <summary><c>[in, 4 out]</c> to <c>[4, out, in]</c>.</summary>
    private static Tensor ByGate(Tensor matrix) =>
        Ops.Permute(Ops.Reshape(matrix, matrix.Shape[0], GateCount, matrix.Shape[1] / GateCount), 1, 2, 0);

    /// <summary>A vector of the gates side by side, or rows already, as one row per gate; with an axis for samples between.</summary>
    private static Tensor Rows(Tensor values, bool keepAxis = false)
    {
        int rows = values.Rank == 1 ? GateCount : values.Shape[0];
        int features = (int)values.Count / rows;
        return keepAxis ? Ops.Reshape(values, rows, 1, features) : Ops.Reshape(values, rows, features);
    }

    /// <summary><c>[12, Z, K]</c> to <c>[12 Z, K]</c>.</summary>
    private static Tensor Together(Tensor blocks) => Ops.Reshape(blocks, blocks.Shape[0] * blocks.Shape[1], blocks.Shape[2]);

    private static Tensor Scales(ReferenceRun run, string part) => Ops.Concatenate(0, Stack(run, "x", part), Stack(run, "h", part));

    private static Tensor Stack(ReferenceRun run, string source, string part) =>
        Ops.Stack(0, [.. s_gates.Select(gate => run.Parameter($"hyper_{gate}{source}.{part}"))]);
}
