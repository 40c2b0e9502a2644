using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Adapters of prototypes with their two losses; matrices are stored (in, out).</summary>
public sealed class PrototypeAdapterSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "PHA";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int size, int bottleneck) = (source.Int("dim"), source.Int("down"));
        Shape first = run.Parameter("generator.linear1.weight").Shape;
        int conditions = run.Parameter("generator.linear2.weight").Shape[0];
        PrototypeAdapter layer = run.Own(new PrototypeAdapter(
            size, bottleneck, source.Int("tasks"), source.Int("task_dim"), source.Int("layer_dim"), first[0], conditions, new RandomStream(0)));
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
        {
            string[] parts = name.Split('.');
            Tensor value = run.Parameter(parts[0] switch
            {
                "prototypes" => "prototypes",
                "generator" => $"generator.linear{(parts[1] == "0" ? 1 : 2)}.{parts[2]}",
                "norm" => $"generator.LayerNorm.{parts[1]}",
                "down" or "up" => $"generator.weight_{parts[0]}.{parts[2]}",
                _ => $"generator.bias_{parts[0][..^"_bias".Length]}.{parts[2]}",
            });
            (int inputs, int outputs) = parts[0] == "down" ? (size, bottleneck) : (bottleneck, size);
            bool isMatrix = parts[0] is "down" or "up";
            values.Add(parameter, isMatrix ? Ops.Reshape(Ops.Permute(Ops.Reshape(value, inputs, outputs, -1), 1, 0, 2), parameter.Shape) : value);
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        Tensor tasks = run.Input("task_index");
        return new Dictionary<string, Tensor>
        {
            ["y"] = layer.Forward(run.Input("x"), tasks, run.Parameter("layer")),
            ["instance_loss"] = PrototypeAdapter.InstanceLoss(run.Input("instance"), tasks),
            ["prototype_loss"] = layer.PrototypeLoss(run.Input("instance"), tasks),
        };
    }
}
