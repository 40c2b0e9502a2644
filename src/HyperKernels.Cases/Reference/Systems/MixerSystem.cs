using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>MixER: vector fields and trajectories by experts that contexts choose, and the step that refits the gate.</summary>
public sealed class MixerSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "MixER";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run) => run.HasInput("expert_losses") ? Fit(run) : Follow(run);

    private static Dictionary<string, Tensor> Fit(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        float[][] Rows(string name) => [.. run.Input(name).ToArray().Chunk(run.Input(name).Shape[1])];
        GateFit fit = GateFit.Of(
            Rows("context"), Rows("expert_losses"), [.. Rows("centroids").Select(static row => Array.ConvertAll(row, static value => (double)value))],
            source.Flag("gate_bias", true), noise: 0, random: null, source.Int("max_kmeans", 20), source.Number("tol", 1e-4))
            ?? throw new InvalidDataException($"{source.Path}: k-means must come to rest without empty clusters.");
        Tensor Whole(int[] values) => Tensor.From(values, [values.Length], run.Device);
        Tensor Matrix(double[][] rows) => Tensor.From(
            [.. rows.SelectMany(static row => row).Select(static value => (float)value)], [rows.Length, rows[0].Length], run.Device);
        int[] expertOf = [.. fit.Assignment.Select(label => fit.Chosen[label])];
        return new Dictionary<string, Tensor>
        {
            ["assignment"] = Whole(fit.Assignment),
            ["centroids"] = Matrix(fit.Centroids),
            ["chosen"] = Whole(fit.Chosen),
            ["gate"] = Matrix(fit.Gate),
            ["target"] = Ops.OneHot(Whole(expertOf), fit.Chosen.Length),
        };
    }

    private static Dictionary<string, Tensor> Follow(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int count = source.Int("experts");
        bool split = source.Flag("split", false);
        int context = source.Int("context") / (split ? count : 1);
        bool biased = run.Parameter("gate").Shape[0] > source.Int("context");
        ContextExperts mixture = run.Own(new ContextExperts([.. Enumerable.Range(0, count).Select(e => Expert(run, e, context))], split, biased));
        using IDisposable weights = run.Use(mixture, NameInCase);
        (Tensor contexts, Tensor start) = (run.Input("context"), run.Input("y0"));
        Tensor gates = mixture.Gates(contexts);
        return new Dictionary<string, Tensor>
        {
            ["gates"] = gates,
            ["expert"] = Ops.ArgMax(gates, 1),
            ["dy0"] = mixture.Forward(start, contexts),
            ["trajectory"] = mixture.Trajectory(start, contexts, (float)source.Number("dt"), source.Int("steps")),
        };
    }

    private static ContextExpert Expert(ReferenceRun run, int number, int context)
    {
        ReferenceCase source = run.Case;
        (int data, int width) = (source.Int("data", 2), source.Int("width", 64));
        bool shift = run.HasParameter($"experts.{number}.ctx_shift");
        Activation? activation = source.Text("activation", source.Flag("swish", true) ? "swish" : "tanh") switch
        {
            "swish" => null,
            "tanh" => Activation.Tanh,
            "relu" => Activation.Relu,
            "softplus" => Activation.Softplus,
            string other => throw new InvalidDataException($"{source.Path}: the activation must be swish, tanh, relu or softplus; it is \"{other}\"."),
        };
        return source.Text("learner", "GEPS") switch
        {
            "CoDA" => GeneratedExpert.Coda(data, context, width, source.Int("depth", 3), activation, shift),
            "GEPS" => GeneratedExpert.Geps(data, context, width, source.Int("depth", 3), activation, shift),
            "NCF" => new NeuralContextFlow(
                data, context, width, source.Int("intermediate", width / 2), source.Int("depth", 3), source.Int("depth_data", 1), source.Int("depth_ctx", 1), activation, shift),
            "hier-shPLRNN" => GeneratedExpert.HierarchicalPlrnn(data, context, width, (float)source.Number("tf_alpha_min", 1), shift),
            string other => throw new InvalidDataException($"{source.Path}: the learner must be CoDA, GEPS, NCF or hier-shPLRNN; it is \"{other}\"."),
        };
    }

    // expert0.network.emission.left2 is experts.0.layers.1.left.weight: matrices and biases count as one layer there.
    private static string NameInCase(string name)
    {
        string[] parts = name.Split('.');
        if (parts.Length == 1)
        {
            return name;
        }
        string expert = $"experts.{parts[0]["expert".Length..]}.";
        static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        return expert + parts[1..] switch
        {
            ["network", "emission", "weight"] => "hyperlayer.weight",
            ["network", "emission", "theta0"] => "root_weights",
            ["network", "emission", "base", string layer, string kind] => $"layers.{Number(layer) / 2}.{kind}",
            ["network", "emission", string direction] when direction.StartsWith("left", StringComparison.Ordinal) =>
                $"layers.{Number(direction[4..]) / 2}.left.{(Number(direction[4..]) % 2 == 0 ? "weight" : "bias")}",
            ["network", "emission", string direction] => $"layers.{Number(direction[5..]) / 2}.right.weight",
            ["network", "target", string layer, "beta"] => $"beta.{Number(layer) / 2}",
            ["context", string layer, "beta"] => $"activations_ctx.{Number(layer) / 2}.beta",
            ["context", string layer, string kind] => $"layers_ctx.{Number(layer) / 2}.{kind}",
            ["data", string layer, "beta"] => $"activations_data.{Number(layer) / 2}.beta",
            ["data", string layer, string kind] => $"layers_data.{Number(layer) / 2}.{kind}",
            ["joint", string kind] => $"layers_main.0.{kind}",
            ["main", string layer, "beta"] => $"activations_main.{Number(layer) / 2}.beta",
            ["main", string layer, string kind] => $"layers_main.{(Number(layer) / 2) + 1}.{kind}",
            _ => string.Join('.', parts[1..]),
        };
    }
}
