using System.Text.Json;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Conditional adapters around a frozen pair of matrices, which cases give as inputs.</summary>
public sealed class CodaSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "CoDA";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int features, int hidden) = (source.Int("dim"), source.Int("hidden"));
        ConditionalAdapter layer = run.Own(new ConditionalAdapter(
            new Mlp([features, hidden, features], bias: false), features, source.Int("bottleneck"), source.Int("k"), Options(source), new RandomStream(0)));
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
        {
            values.Add(parameter, name switch
            {
                "router.weight" => run.Parameter("router"),
                "heavy.0.weight" => run.Input("w1"),
                "heavy.2.weight" => run.Input("w2"),
                _ => run.Parameter("adapter." + name),
            });
        }
        using IDisposable weights = ParameterOverrides.Use(values);

        Tensor x = run.Input("x");
        TokenSelection selection = layer.Router.Forward(x, layer.Active, run.OptionalInput("mask"));
        return new Dictionary<string, Tensor>
        {
            ["y"] = layer.Forward(x, selection, layer.Heavy.Forward),
            ["selection"] = selection.Shares,
            ["chosen"] = selection.Chosen,
        };
    }

    private static SoftTopKOptions Options(ReferenceCase source)
    {
        float epsilon = (float)source.Number("eps", 0.03);
        // Null is the released code's default: no higher temperature at the start.
        bool isFlat = source.Config.TryGetProperty("eps_init", out JsonElement first) && first.ValueKind == JsonValueKind.Null;
        return new SoftTopKOptions
        {
            Iterations = source.Int("iterations", 20),
            FirstEpsilon = isFlat ? epsilon : (float)source.Number("eps_init", 4),
            Decay = (float)source.Number("eps_decay", 0.7),
            Epsilon = epsilon,
            Ratio = (float)source.Number("ratio", 9.0 / 8),
            StraightThrough = source.Flag("straight_through", true),
        };
    }
}
