using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Adapters generated for a task: heads of one adapter, or those that all places of a model share (++), at both places of a layer.</summary>
public sealed class HyperformerSystem : IReferenceSystem
{
    private static readonly string[] s_positions = ["ff", "sa"];

    /// <inheritdoc/>
    public string Name => "Hyperformer";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Tensor task = Ops.Reshape(run.Input("task"), 1, -1);
        Tensor x = run.Input("x");
        HyperformerOptions options = new()
        {
            Reduction = source.Int("reduction", 32),
            Activation = source.Text("act", "gelu_new") == "gelu_new" ? Activation.GeluTanh : HyperTargets.Activation(source, source.Text("act")),
            PreNorm = source.Flag("pre_norm", false),
            PostNorm = source.Flag("post_norm", true),
            ConditionalNorm = source.Flag("conditional_norm", true),
        };
        if (!run.HasParameter("layer_id_embeddings.weight"))
        {
            HyperformerAdapter layer = run.Own(new HyperformerAdapter(source.Int("dim"), task.Shape[1], options, new RandomStream(0)));
            using IDisposable own = run.Use(layer, static name => Stored(name, "meta_{0}_sampler"));
            return Outputs(layer.Generate(task), x, options, "");
        }
        HyperformerController controller = run.Own(new HyperformerController(
            source.Int("dim"), source.Int("layers"), source.Int("task_dim"), source.Int("task_hidden"), source.Int("proj"), s_positions.Length, options, new RandomStream(0)));
        using IDisposable shared = run.Use(controller, static name => name switch
        {
            "layers" => "layer_id_embeddings.weight",
            "positions" => "adapters_block_type.weight",
            _ when name.StartsWith("source.", StringComparison.Ordinal) => $"task_hypernet.task_embeding_generator.{name["source.".Length..]}",
            _ when name.StartsWith("norm.", StringComparison.Ordinal) => $"LayerNorm.{name["norm.".Length..]}",
            _ => Stored(name["adapter.".Length..], "{0}_sampler_hyper_net"),
        });
        Dictionary<string, Tensor> outputs = [];
        for (int position = 0; position < s_positions.Length; position++)
        {
            foreach ((string name, Tensor value) in Outputs(controller.Generate(task, source.Int("layer_id"), position), x, options, s_positions[position]))
            {
                outputs.Add(name, value);
            }
        }
        return outputs;
    }

    private static Dictionary<string, Tensor> Outputs(Adapter adapter, Tensor x, HyperformerOptions options, string position)
    {
        string before = position.Length == 0 ? "" : $"{position}_";
        return new Dictionary<string, Tensor>
        {
            [position.Length == 0 ? "y" : $"y_{position}"] = adapter.Apply(x, options.Activation),
            [$"{before}down"] = Ops.Reshape(adapter.Down.Materialize(), adapter.Down.Shape),
            [$"{before}up"] = Ops.Reshape(adapter.Up.Materialize(), adapter.Up.Shape),
        };
    }

    // down.head.weight, down_bias.head.bias, post_norm.gain.head.weight, post_norm.weight
    private static string Stored(string name, string sampler)
    {
        string[] parts = name.Split('.');
        if (parts[0].EndsWith("_norm", StringComparison.Ordinal))
        {
            string place = parts[0][..^"_norm".Length];
            return parts.Length == 2
                ? $"{place}_layer_norm.{parts[1]}"
                : $"{place}_layernorm_hypernet.{(parts[1] == "gain" ? "weight" : "bias")}_generator.{parts[3]}";
        }
        bool isBias = parts[0].EndsWith("_bias", StringComparison.Ordinal);
        string tensor = isBias ? parts[0][..^"_bias".Length] : parts[0];
        return $"{string.Format(System.Globalization.CultureInfo.InvariantCulture, sampler, tensor)}.{(isBias ? "bias" : "weight")}_generator.0.{parts[2]}";
    }
}
