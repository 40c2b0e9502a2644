using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>SEMI: samples change a projector whose weights are inputs of the case. The projector's modules are numbered as linear, activation, dropout.</summary>
public sealed class SemiSystem : IReferenceSystem
{
    private const int ModulesPerLayer = 3;

    /// <inheritdoc/>
    public string Name => "SEMI";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        SetEncoder encoder = source.Text("encoder", source.Text("arch", "attention")) switch
        {
            "attention" => SetEncoder.Attention,
            "att_w_nonlinear" => SetEncoder.AttentionGelu,
            "transformer" => SetEncoder.Transformer,
            string other => throw new InvalidDataException($"{source.Path}: the encoder must be attention, att_w_nonlinear or transformer; it is \"{other}\"."),
        };
        (int dim, int wide, int rank) = (source.Int("dim"), source.Int("lm"), source.Int("rank", 32));
        int layers = source.All("in.projector.net.").Count(static weight => weight.Name.EndsWith("weight", StringComparison.Ordinal));
        bool bias = source.Tensor("param.generators.0.weight").Shape[0] > rank * (dim + wide);
        bool positions = source.Flag("positions", source.Flag("use_pos_encs", true));
        int encoderLayers = source.Int("encoder_layers", source.Int("n_layers", 1));
        Mlp projector = SetConditionedAdapter.Projector(source.Int("modality", dim), wide, layers);
        SetConditionedAdapter adapter = run.Own(SetConditionedAdapter.For(
            projector, dim, rank, (float)source.Number("alpha", rank), source.Int("heads", 1), encoder, encoderLayers, positions, bias, dropout: 0));
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in adapter.NamedParameters())
        {
            values.Add(parameter, Value(run, name["network.".Length..], encoder));
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        Tensor[] sets = [.. Enumerable.Range(0, source.Int("sets", 1)).Select(set => run.Input($"samples.{set}"))];
        Dictionary<string, Tensor> answers = new() { ["y"] = adapter.Forward(run.Input("x"), sets) };
        Tensor flat = adapter.Network.Generate(sets);
        foreach (ManifestEntry entry in adapter.Network.Manifest.Entries)
        {
            answers.Add("merged." + InProjector(entry.Name), Ops.Reshape(Ops.Slice(flat, 1, entry.Offset, entry.Count), entry.Shape));
        }
        return answers;
    }

    private static Tensor Value(ReferenceRun run, string name, SetEncoder encoder)
    {
        string[] parts = name.Split('.');
        return parts switch
        {
            ["emission", "base", ..] => run.Input("projector." + InProjector(string.Join('.', parts[2..]))),
            ["emission", string head, string kind] => run.Parameter($"generators.{head["generator".Length..]}.{kind}"),
            ["target", ..] => run.Input("projector." + InProjector(string.Join('.', parts[1..]))),
            ["conditioning", "prefix_tokens"] => run.Parameter("prefix_tokens"),
            ["conditioning", "hypnet", .. string[] rest] when encoder != SetEncoder.Transformer => run.Parameter(
                run.HasParameter("hypnet." + string.Join('.', rest)) ? "hypnet." + string.Join('.', rest) : "hypnet.0." + string.Join('.', rest)),
            ["conditioning", "hypnet", string layer, .. string[] rest] => InTransformer(run, $"hypnet.layers.{layer}.", rest),
            _ => throw new InvalidDataException($"{run.Case.Path}: the case has nothing for the layer's parameter \"{name}\"."),
        };
    }

    // PyTorch's encoder holds query, key and value in one matrix.
    private static Tensor InTransformer(ReferenceRun run, string layer, string[] rest)
    {
        Tensor Third(string kind, int which)
        {
            Tensor all = run.Parameter($"{layer}self_attn.in_proj_{kind}");
            return Ops.Slice(all, 0, which * all.Shape[0] / 3, all.Shape[0] / 3);
        }
        return rest switch
        {
            ["attn", "query", string kind] => Third(kind, 0),
            ["attn", "key", string kind] => Third(kind, 1),
            ["attn", "value", string kind] => Third(kind, 2),
            ["attn", "proj", string kind] => run.Parameter($"{layer}self_attn.out_proj.{kind}"),
            ["mlp", "0", string kind] => run.Parameter($"{layer}linear1.{kind}"),
            ["mlp", "3", string kind] => run.Parameter($"{layer}linear2.{kind}"),
            _ => run.Parameter(layer + string.Join('.', rest)),
        };
    }

    // An Mlp counts linear layers and activations, the authors dropouts too.
    private static string InProjector(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        int layer = int.Parse(name.AsSpan(0, dot), System.Globalization.CultureInfo.InvariantCulture) / 2;
        return $"net.{ModulesPerLayer * layer}{name[dot..]}";
    }
}
