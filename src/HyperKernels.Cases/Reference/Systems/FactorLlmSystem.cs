using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Blocks cut into experts whose router a dense block teaches; cases give the dense block as inputs.</summary>
public sealed class FactorLlmSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "FactorLLM";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int experts = source.Int("experts", 4);
        GatedMlp teacher = run.Own(new GatedMlp(source.Int("dim"), source.Int("hidden"), new RandomStream(0)));
        FactoredMlp layer = run.Own(new FactoredMlp(teacher, experts, new RandomStream(0)));
        Tensor Of(string kind) => Ops.Stack(0, [.. Enumerable.Range(0, experts).Select(expert => run.Parameter($"{kind}_proj_list.{expert}.weight"))]);
        Dictionary<Parameter, Tensor> values = new()
        {
            [layer.Router.Weight] = run.Parameter("route1.weight"),
            [layer.Router.Bias!] = run.Parameter("route1.bias"),
            [layer.Experts.Gate] = Of("gate"),
            [layer.Experts.Up] = Of("up"),
            [layer.Experts.Down] = Of("down"),
        };
        foreach ((string name, Parameter parameter) in teacher.NamedParameters())
        {
            values.Add(parameter, run.Input("teacher." + name));
        }
        using IDisposable weights = ParameterOverrides.Use(values);

        Tensor stream = run.Input("teacher_stream");
        Tensor taught = teacher.Forward(stream);
        RouterSupervision supervision = layer.Supervise(stream, taught);
        return new Dictionary<string, Tensor>
        {
            ["y"] = layer.Forward(run.Input("x")),
            ["teacher"] = taught,
            ["label"] = Ops.Reshape(supervision.Labels, stream.Shape.With(-1, experts)),
            ["route_loss"] = supervision.Route,
            ["balance_loss"] = supervision.Balance,
            ["aux"] = supervision.Loss((float)source.Number("route_weight", 0.05), (float)source.Number("balance_weight", 0.01)),
        };
    }
}
