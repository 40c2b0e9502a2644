using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Soft merging of experts: adapters as in the authors' code, where a leading axis holds routers side by side, and feed-forward blocks.</summary>
public sealed class SmearSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "SMEAR";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run) => run.HasParameter("expert.w1") ? FeedForward(run) : Adapter(run);

    private static Dictionary<string, Tensor> FeedForward(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int features = source.Int("dim");
        Activation activation = source.Text("act", "relu") switch
        {
            "relu" => Activation.Relu,
            "silu" or "swish" => Activation.Silu,
            "gelu" => Activation.Gelu,
            string other => throw new InvalidDataException($"{source.Path}: the activation \"{other}\" is not known."),
        };
        MixtureOfWeights layer = run.Own(Smear.For(new Mlp([features, source.Int("hidden"), features], activation), features, source.Int("experts")));
        using IDisposable weights = run.Use(layer, static name => name switch
        {
            "network.emission.banks.0.weight" => "expert.w1",
            "network.emission.banks.0.bias" => "expert.b1",
            "network.emission.banks.2.weight" => "expert.w2",
            "network.emission.banks.2.bias" => "expert.b2",
            _ => name.Replace("gate.", "router.", StringComparison.Ordinal),
        });
        Tensor x = run.Input("x");
        Tensor shares = layer.Gate.Forward(x);
        return new Dictionary<string, Tensor> { ["y"] = layer.Forward(x, shares), ["probs"] = shares };
    }

    private static Dictionary<string, Tensor> Adapter(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int routers = source.Int("routers", 1);
        SmearOptions options = new() { Routers = routers, RouterBias = run.HasParameter("router.router_bias") };
        SmearAdapter layer = run.Own(new SmearAdapter(source.Int("dim"), source.Int("down"), source.Int("experts"), options));
        Dictionary<Parameter, Tensor> values = [];
        for (int m = 0; m < routers; m++)
        {
            Tensor Of(string name)
            {
                Tensor all = run.Parameter(name);
                return Ops.Reshape(Ops.Slice(all, 0, m, 1), all.Shape.Remove(0));
            }
            foreach ((string name, Parameter parameter) in layer.Routes[m].NamedParameters())
            {
                values.Add(parameter, name switch
                {
                    "network.emission.banks.0.weight" => Ops.Transpose(Of("expert.down_samplers_weights")),
                    "network.emission.banks.0.bias" => Of("expert.down_samplers_bias"),
                    "network.emission.banks.2.weight" => Ops.Transpose(Of("expert.up_samplers_weights")),
                    "gate.weight" => Ops.Transpose(Of("router.router_weights")),
                    "gate.bias" => Of("router.router_bias"),
                    "gate.norm.weight" or "gate.norm.bias" => run.Parameter($"router.multi_router_layer_norms.{m}.{name["gate.norm.".Length..]}"),
                    _ => throw new InvalidDataException($"{source.Path}: the case has nothing for the layer's parameter \"{name}\"."),
                });
            }
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        Tensor x = run.Input("x");
        return new Dictionary<string, Tensor>
        {
            ["y"] = layer.Forward(x),
            ["probs"] = Ops.Stack(0, [.. layer.Routes.Select(route => route.Gate.Forward(x))]),
        };
    }
}
