using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Functions of coordinates modulated by weight tokens; base weights are stored (in, out).</summary>
public sealed class TokenFunctionSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Weight tokens for INR";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Tensor coordinates = run.Input("coords");
        int[] groups = source.Ints("groups");
        TokenFunction layer = run.Own(new TokenFunction(
            coordinates.Shape[1], source.Ints("hidden"), source.Int("out"), groups, source.Int("token"), source.Int("freqs"), new RandomStream(0)));
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
        {
            (string part, string kind) = (name[..name.IndexOf('.', StringComparison.Ordinal)], name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]);
            string index = part.TrimStart([.. "abcdefghijklmnopqrstuvwxyz"]);
            values.Add(parameter, part[..^index.Length] switch
            {
                "base" when kind == "weight" => Ops.Transpose(run.Parameter($"base.{index}.weight")),
                "base" => run.Parameter($"base.{index}.bias"),
                "norm" => run.Parameter($"post.{index}.norm.{kind}"),
                _ => run.Parameter($"post.{index}.{kind}"),
            });
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        Tensor[] tokens = [.. groups.Select((_, i) => run.Input($"tokens.{i}"))];
        Dictionary<string, Tensor> outputs = new() { ["y"] = layer.Forward(coordinates, tokens) };
        for (int i = 0; i < tokens.Length; i++)
        {
            outputs[$"weight.{i}"] = Ops.Permute(layer.Generate(i, tokens[i]), 0, 2, 1);
        }
        return outputs;
    }
}
