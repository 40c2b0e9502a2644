using System.Text.RegularExpressions;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Predictors generated from a transformation's parameters, one for every sample; rows come with an axis of one.</summary>
public sealed partial class SiePredictorSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "SIE predictor";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int features = source.Int("dim");
        int[] hidden = [.. Number().Matches(source.Text("hidden", "")).Select(static match => int.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture))];
        bool isDeep = source.Text("kind", "linear") switch
        {
            "linear" => false,
            "deep" => true,
            string other => throw new InvalidDataException($"{source.Path}: the kind \"{other}\" is not known."),
        };
        HyperNetwork network = run.Own(SiePredictor.Create(
            features, source.Int("latent"), hidden, isDeep, source.Flag("bias", false), source.Flag("bias_hyper", true),
            source.Flag("relu", false) ? Activation.Relu : Activation.None, new RandomStream(0)));
        string last = isDeep ? "hypernet.net.4" : "hypernet.net.0";
        using IDisposable weights = HyperTargets.Use(run, network, name => name switch
        {
            "emission.weight" => $"{last}.weight",
            "emission.theta0" => $"{last}.bias",
            _ => name.Replace("generator.", "hypernet.net.", StringComparison.Ordinal),
        });
        Tensor x = run.Input("x");
        return new Dictionary<string, Tensor> { ["y"] = network.Forward(Ops.Reshape(x, x.Shape[0], features), run.Input("latent")) };
    }

    [GeneratedRegex(@"\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
