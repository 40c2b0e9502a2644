using System.Globalization;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Few-shot classifiers made of kernel matrices; one task a case.</summary>
public sealed class HyperShotSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "HyperShot";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Tensor support = run.Input("support");
        (int ways, int shots, int features) = (support.Shape[0], support.Shape[1], support.Shape[2]);
        HyperShot layer = run.Own(new HyperShot(features, ways, shots, Options(source), new RandomStream(0)));
        using IDisposable weights = run.Use(layer, Stored);
        Tensor queries = Ops.Reshape(run.Input("query"), 1, -1, features);
        Tensor rows = layer.Aggregate(Ops.Reshape(support, 1, ways, shots, features));
        Tensor kernel = layer.Relations(rows, rows);
        Tensor relations = layer.Relations(queries, rows);
        IReadOnlyList<(Weight Weight, Tensor Bias)> target = layer.Generate(kernel);
        Tensor logits = Ops.Reshape(HyperShot.Classify(relations, target), -1, ways);
        Dictionary<string, Tensor> outputs = new()
        {
            ["support_kernel"] = Ops.Reshape(kernel, rows.Shape[1], rows.Shape[1]),
            ["query_relations"] = Ops.Reshape(relations, -1, rows.Shape[1]),
            ["logits"] = logits,
            ["loss"] = Ops.CrossEntropy(logits, run.Input("labels")),
        };
        for (int i = 0; i < target.Count; i++)
        {
            outputs[$"target.{2 * i}.weight_mu"] = Ops.Reshape(target[i].Weight.Materialize(), target[i].Weight.Shape);
            outputs[$"target.{2 * i}.bias_mu"] = Ops.Reshape(target[i].Bias, -1);
        }
        return outputs;
    }

    private static HyperShotOptions Options(ReferenceCase source) => new()
    {
        Kernel = source.Text("kernel", "cosine_distance") switch
        {
            "cosine_distance" or "cosine" => SupportKernel.CosineDistance,
            "nn" => SupportKernel.Network,
            "cosine_nn" => SupportKernel.CosineNetwork,
            "scalar_product" or "scalar" => SupportKernel.ScalarProduct,
            string other => throw new InvalidDataException($"{source.Path}: the kernel \"{other}\" is not known."),
        },
        Aggregation = source.Text("aggregate", "concat") switch
        {
            "concat" => SupportAggregation.Concatenate,
            "mean" => SupportAggregation.Mean,
            "max" or "max_pooling" => SupportAggregation.Max,
            "min" or "min_pooling" => SupportAggregation.Min,
            string other => throw new InvalidDataException($"{source.Path}: the aggregation \"{other}\" is not known."),
        },
        NeckLayers = source.Int("neck", 0),
        HeadLayers = source.Int("head", 2),
        HiddenFeatures = source.Int("hidden", 256),
        TargetLayers = source.Int("target_depth", 1),
        TargetHiddenFeatures = source.Int("target_hidden", 120),
        KernelLayers = source.Int("kernel_layers", 2),
        KernelHiddenFeatures = source.Int("kernel_hidden", 128),
        KernelFeatures = source.Int("kernel_out", 1600),
    };

    // Modules in a row, named by their places: a linear layer and a ReLU each, in heads a dropout before them.
    private static string Stored(string name)
    {
        string[] parts = name.Split('.');
        if (parts[0] is "kernel" or "neck")
        {
            return $"{(parts[0] == "neck" ? "hypernet_neck" : "kernel_function.model")}.{parts[1]}.{parts[2]}";
        }
        int index = int.Parse(parts[1], CultureInfo.InvariantCulture) / 2;
        bool isWeight = parts[0].StartsWith("head_weight", StringComparison.Ordinal);
        string layer = parts[0][(isWeight ? "head_weight" : "head_bias").Length..];
        int place = 2 * int.Parse(layer, CultureInfo.InvariantCulture);
        return $"hypernet_heads.{place}-{(isWeight ? "weight" : "bias")}_mu.{(3 * index) + 1}.{parts[^1]}";
    }
}
