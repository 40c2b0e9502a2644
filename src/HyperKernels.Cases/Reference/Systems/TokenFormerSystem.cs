using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Attention to parameters, as it is and grown by keys that may be zero.</summary>
public sealed class TokenFormerSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "TokenFormer";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int tokens = source.Int("tokens");
        int more = source.Int("new", 0);
        TokenNorm norm = source.Text("norm", "gelu_l2_norm") switch
        {
            "gelu_l2_norm" => TokenNorm.GeluThenLength,
            "l2_norm_gelu" => TokenNorm.LengthThenGelu,
            "softmax" => TokenNorm.Softmax,
            string other => throw new InvalidDataException($"{source.Path}: the norm \"{other}\" is not known."),
        };
        Dictionary<string, Tensor> outputs = new() { ["y"] = Apply(run, norm, tokens, more) };
        if (more > 0)
        {
            outputs["y_before"] = Apply(run, norm, tokens, 0);
        }
        return outputs;
    }

    private static Tensor Apply(ReferenceRun run, TokenNorm norm, int tokens, int more)
    {
        ParameterAttention layer = run.Own(new ParameterAttention(run.Case.Int("in"), run.Case.Int("out"), tokens + more, norm, tokens, new RandomStream(0)));
        using IDisposable weights = ParameterOverrides.Use(new Dictionary<Parameter, Tensor>
        {
            [layer.Keys] = Rows(run, "key", more),
            [layer.Values] = Rows(run, "value", more),
        });
        return layer.Forward(run.Input("x"));
    }

    // The authors' code calls them key_param_tokens.
    private static Tensor Rows(ReferenceRun run, string name, int more)
    {
        Tensor rows = run.Parameter(run.HasParameter(name) ? name : $"{name}_param_tokens");
        return more == 0 ? rows : Ops.Concatenate(0, rows, run.Parameter("new_" + name));
    }
}
