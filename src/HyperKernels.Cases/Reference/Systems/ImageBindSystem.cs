using System.Text.Json;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A bind network with the attention that its prompts are injected into, or the cache of retrieved conditions.</summary>
public sealed class ImageBindSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "ImageBind-LLM";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run) => run.HasInput("store") ? Cache(run) : Attention(run);

    private static Dictionary<string, Tensor> Cache(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        List<Tensor> features = [];
        while (run.HasInput($"features.{features.Count}"))
        {
            features.Add(run.Input($"features.{features.Count}"));
        }
        float[] weights = source.Config.TryGetProperty("weights", out JsonElement given) && given.ValueKind == JsonValueKind.Array
            ? [.. given.EnumerateArray().Select(static weight => weight.GetSingle())]
            : [.. features.Select(static _ => 1f)];
        RetrievalCache cache = new(run.Input("store"), source.Int("k", 10), (float)source.Number("temperature", 20), (float)source.Number("blend", 0.5));
        (Tensor condition, Tensor retrieved) = cache.Forward(RetrievalCache.Combine(features, weights));
        return new Dictionary<string, Tensor> { ["y"] = condition, ["retrieved"] = retrieved };
    }

    private static Dictionary<string, Tensor> Attention(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int features = source.Int("dim");
        int heads = source.Int("heads");
        int tokens = source.Int("cond_tokens", 1);
        BindNorm norm = source.Text("norm", "rms") switch
        {
            "rms" => BindNorm.Rms,
            "layer" or "legacy" => BindNorm.Layer,
            string other => throw new InvalidDataException($"{source.Path}: the norm \"{other}\" is not known."),
        };
        int rank = run.HasParameter("attention.lora_wq_l1.weight") ? source.Int("lora", 16) : 0;
        BindNetwork bind = run.Own(new BindNetwork(source.Int("cond"), features, source.Int("hidden", 4 * features), 1, tokens, norm));
        InjectedAttention attention = run.Own(
            new InjectedAttention(features, heads, rank, run.HasParameter("attention.wq.bias"), source.Flag("causal", true)));
        using IDisposable ofBind = run.Use(bind, BindName);
        using IDisposable ofAttention = run.Use(attention, AttentionName);
        Tensor bound = bind.Forward(run.Input("cond"));
        return new Dictionary<string, Tensor> { ["bound"] = bound, ["y"] = attention.Forward(run.Input("x"), bind.Prompt(bound, 0)) };
    }

    // gate0.weight: image_bind_f1_1.weight.
    private static string BindName(string name)
    {
        if (name == "queries")
        {
            return "prefix_query";
        }
        string[] parts = name.Split('.');
        string block = parts[0][..^1] switch
        {
            "norm" => "norm",
            "gate" => "f1",
            "down" => "f2",
            "up" => "f3",
            _ => "",
        };
        return block.Length == 0 ? $"image_bind_proj.{parts[1]}" : $"image_bind_{block}_{parts[0][^1] - '0' + 1}.{parts[1]}";
    }

    // query.weight: attention.wq.weight; query_down.weight: attention.lora_wq_l1.weight.
    private static string AttentionName(string name)
    {
        if (name == "gate")
        {
            return "attention.gate";
        }
        string[] parts = name.Split('.');
        string map = $"w{parts[0][0]}";
        return parts[0].EndsWith("_down", StringComparison.Ordinal) ? $"attention.lora_{map}_l1.{parts[1]}"
            : parts[0].EndsWith("_up", StringComparison.Ordinal) ? $"attention.lora_{map}_l2.{parts[1]}"
            : $"attention.{map}.{parts[1]}";
    }
}
