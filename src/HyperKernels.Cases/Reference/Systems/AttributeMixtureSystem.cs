using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Two linear layers merged by attributes with a GELU between them; the second may reuse the first one's decision.</summary>
public sealed class AttributeMixtureSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Uni-Perceiver-MoE";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int features, int hidden, int first) = (source.Int("dim"), source.Int("hidden"), source.Int("first", 0));
        (Tensor x, Tensor attributes) = (run.Input("x"), run.Input("attributes"));
        AttributeMixture up = Layer(run, "linear1", features, hidden);
        AttributeMixture down = Layer(run, "linear2", hidden, features);
        using IDisposable upWeights = ParameterOverrides.Use(Values(run, up, "linear1"));
        using IDisposable downWeights = ParameterOverrides.Use(Values(run, down, "linear2"));

        Routing routing = up.Gate.Route(attributes);
        Routing second = source.Flag("share", false) ? routing : down.Gate.Route(attributes);
        return new Dictionary<string, Tensor>
        {
            ["y"] = down.Forward(Ops.Gelu(up.Forward(x, routing, first)), second, first),
            ["experts1"] = routing.Experts,
            ["gates1"] = routing.Shares,
            ["linear1.weight"] = Merged(up, routing),
            ["linear2.weight"] = Merged(down, second),
        };
    }

    private static AttributeMixture Layer(ReferenceRun run, string name, int inFeatures, int outFeatures)
    {
        ReferenceCase source = run.Case;
        Shape transform = source.Tensor($"param.{name}.gate.tag_transform.0.weight").Shape;
        AttributeGate gate = new(transform[1], transform[0], source.Int("experts"), source.Int("k", 2), source.Flag("gelu", false), new RandomStream(0));
        return run.Own(new AttributeMixture(
            new Linear(inFeatures, outFeatures, run.HasParameter(name + ".experts.deepspeed_experts.0.bias")), gate, new RandomStream(0)));
    }

    private static Dictionary<Parameter, Tensor> Values(ReferenceRun run, AttributeMixture layer, string place)
    {
        string norm = $"tag_transform.{(layer.Gate.HasGelu ? 2 : 1)}";
        Tensor Bank(string kind) => Ops.Stack(
            0, [.. Enumerable.Range(0, layer.Gate.Experts).Select(expert => run.Parameter($"{place}.experts.deepspeed_experts.{expert}.{kind}"))]);
        Dictionary<Parameter, Tensor> values = layer.Mixture.Banks.Zip(["weight", "bias"]).ToDictionary(static pair => pair.First, pair => Bank(pair.Second));
        foreach ((string name, Parameter parameter) in layer.Gate.NamedParameters())
        {
            string stored = name switch
            {
                "weight" => "wg.weight",
                "transform.weight" or "transform.bias" => name.Replace("transform", "tag_transform.0", StringComparison.Ordinal),
                _ => name.Replace("norm", norm, StringComparison.Ordinal),
            };
            values.Add(parameter, run.Parameter($"{place}.gate.{stored}"));
        }
        return values;
    }

    private static Tensor Merged(AttributeMixture layer, Routing routing)
    {
        Tensor bank = layer.Mixture.Banks[0].Value;
        return Ops.Reshape(Weight.Mixture(routing.Gates, bank).Materialize(), bank.Shape.With(0, routing.Gates.Shape[0]));
    }
}
