using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Hypernetworks with intervals: the weights, the target with intervals of weights and its loss, and the regulariser.</summary>
public sealed class HyperIntervalSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "HyperInterval";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run) =>
        run.HasInput("x") ? Target(run)
        : run.HasInput("target_middle") ? Regulariser(run)
        : Weights(run);

    private static Dictionary<string, Tensor> Weights(ReferenceRun run)
    {
        HyperNetwork network = Network(run);
        using IDisposable use = Use(run, network);
        int[] tasks = TaskHyperCases.Ints(run.Case, "ids");
        tasks = tasks.Length > 0 ? tasks : [run.Case.Int("task", 0)];
        Tensor embedding = network.Conditioning.Forward(Tensor.From(tasks, [tasks.Length], run.Device));
        (Tensor middle, Tensor radius) = ((IntervalEmission)network.Emission).Spread(embedding, network.Generator);
        IntervalTensor weights = IntervalTensor.Around(middle, radius);
        return new Dictionary<string, Tensor>
        {
            ["lower"] = TaskHyperCases.As(run, "lower", weights.Lower),
            ["middle"] = TaskHyperCases.As(run, "middle", weights.Middle),
            ["upper"] = TaskHyperCases.As(run, "upper", weights.Upper),
            ["radius"] = TaskHyperCases.As(run, "radius", radius),
        };
    }

    private static Dictionary<string, Tensor> Regulariser(ReferenceRun run)
    {
        HyperNetwork network = Network(run);
        using IDisposable use = Use(run, network);
        IntervalTensor targets = new(run.Input("target_lower"), run.Input("target_middle"), run.Input("target_upper"));
        int tasks = run.Case.Int("protected", targets.Middle.Shape[0]);
        IntervalTensor outputs = HyperInterval.Generate(network, Tensor.From([.. Enumerable.Range(0, tasks)], [tasks], run.Device));
        return new Dictionary<string, Tensor> { ["reg"] = IntervalRegulariser.Loss(outputs, targets) };
    }

    private static Dictionary<string, Tensor> Target(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int[] sizes = TaskHyperCases.Ints(source, "sizes");
        Mlp target = run.Own(new Mlp(sizes, HyperTargets.Activation(source, source.Text("activation", "relu")), run.HasParameter("centre.b0")));
        TargetManifest manifest = TargetManifest.Of(target);
        IntervalTensor weights = IntervalTensor.Around(Flat(run, manifest, "centre"), Flat(run, manifest, "radius"));
        IntervalTensor logits = new IntervalPass(target, manifest, weights).Run(target, IntervalTensor.Of(run.Input("x"), isNonNegative: true));
        Dictionary<string, Tensor> outputs = new() { ["lower"] = logits.Lower, ["middle"] = logits.Middle, ["upper"] = logits.Upper };
        if (run.HasInput("labels"))
        {
            outputs.Add("loss", IntervalLoss.Loss(logits, run.Input("labels"), source.Number("kappa", 0.5)));
        }
        return outputs;
    }

    // Layers of an MLP are named 0, 2, 4 as in a sequence with activations; the case numbers them through.
    private static Tensor Flat(ReferenceRun run, TargetManifest manifest, string part) => Ops.Concatenate(1, [.. manifest.Entries.Select(entry =>
    {
        string[] words = entry.Name.Split('.');
        string name = $"{part}.{words[1][0]}{int.Parse(words[0], System.Globalization.CultureInfo.InvariantCulture) / 2}";
        Tensor values = run.Parameter(name);
        return values.Shape == entry.Shape
            ? Ops.Reshape(values, 1, entry.Count)
            : throw new InvalidDataException($"{run.Case.Path}: parameter \"{name}\" must be {entry.Shape}; it is {values.Shape}.");
    })]);

    private static HyperNetwork Network(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        return run.Own(HyperInterval.Create(
            run.Own(TaskHyperCases.Target(source)),
            source.Int("tasks", Enumerable.Range(0, int.MaxValue).First(task => !run.HasParameter($"task_emb{task}"))),
            source.Int("embedding"),
            new HyperIntervalOptions
            {
                Epsilon = source.Number("eps"),
                IsNested = source.Flag("nested", !run.HasParameter("rho0")),
                Hidden = TaskHyperCases.Ints(source, "hidden"),
                Activation = HyperTargets.Activation(source, source.Text("activation", "relu")),
                Bias = run.HasParameter("b0"),
            },
            new RandomStream(0)));
    }

    private static IDisposable Use(ReferenceRun run, HyperNetwork network)
    {
        int layers = ((IntervalMlp)network.Generator).Widths.Count;
        return HyperTargets.Use(run, network, name =>
        {
            string[] words = name.Split('.');
            return words[0] switch
            {
                "conditioning" => words[1].Replace("task", "task_emb", StringComparison.Ordinal),
                "generator" => $"{words[2][0]}{words[1]["hidden".Length..]}",
                _ => $"{words[1][0]}{layers}",
            };
        });
    }
}
