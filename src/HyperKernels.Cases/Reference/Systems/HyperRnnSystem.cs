using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A HyperRNN over a sequence. The case's embeddings and read-outs are matrices (out, in) of their own; the cell holds them together.</summary>
public sealed class HyperRnnSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "HyperRNN";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        HyperRnnCell cell = run.Own(new HyperRnnCell(
            source.Int("nx"), source.Int("nh"), source.Int("ng"), source.Int("nz"),
            StateOf(source, EmbeddingState.PreviousStep), new RandomStream(0)));
        Dictionary<Parameter, Tensor> values = cell.NamedParameters().ToDictionary(static named => named.Parameter, named => Value(run, named.Name));
        using IDisposable weights = ParameterOverrides.Use(values);
        Tensor x = run.Input("x");
        (Tensor outputs, HyperRnnState state) = cell.ForwardSequence(x, cell.ZeroState(x.Shape[1], run.Device));
        return new Dictionary<string, Tensor> { ["h"] = outputs, ["g"] = state.HyperHidden };
    }

    /// <summary>The option <c>embedding_state</c> of the recurrent cells.</summary>
    internal static EmbeddingState StateOf(ReferenceCase source, EmbeddingState otherwise) =>
        source.Text("embedding_state", otherwise == EmbeddingState.PreviousStep ? "previous" : "same step") switch
        {
            "previous" or "previous step" => EmbeddingState.PreviousStep,
            "same" or "same step" or "current" or "current step" => EmbeddingState.SameStep,
            string other => throw new InvalidDataException($"{source.Path}: the embedding state \"{other}\" is not known; known are \"previous\" and \"same step\"."),
        };

    private static Tensor Value(ReferenceRun run, string name) => name switch
    {
        "weight_input" => run.Parameter("Wx"),
        "weight_hidden" => run.Parameter("Wh"),
        "bias" => run.Parameter("b0"),
        // The case's columns are those of h, then of x.
        "hyper_weight_input" => Ops.Slice(run.Parameter("hyper.Wu"), 1, run.Case.Int("nh"), run.Case.Int("nx")),
        "hyper_weight_hidden" => Ops.Concatenate(1, Ops.Slice(run.Parameter("hyper.Wu"), 1, 0, run.Case.Int("nh")), run.Parameter("hyper.Wg")),
        "hyper_bias" => run.Parameter("hyper.bg"),
        "scales.embedding" => Ops.Concatenate(0, run.Parameter("Azx"), run.Parameter("Azh"), run.Parameter("Azb")),
        "scales.embedding_bias" => Ops.Concatenate(0, run.Parameter("czx"), run.Parameter("czh")),
        "scales.generator" => Ops.Transpose(Ops.Stack(0, run.Parameter("Dx"), run.Parameter("Dh"), run.Parameter("Db"))),
        _ => throw new InvalidDataException($"{run.Case.Path}: the case has nothing for the cell's parameter \"{name}\"."),
    };
}
