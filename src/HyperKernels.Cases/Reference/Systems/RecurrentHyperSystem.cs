using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Dependency preserving hypernetworks: a recurrent network over chunks with one head, or over tensors with a head for each.</summary>
public sealed class RecurrentHyperSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "dependency preserving (RNN) hypernetwork";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Tensor embedding = run.Input("task_emb");
        embedding = embedding.Rank == 2 ? embedding : Ops.Reshape(embedding, [1, (int)embedding.Count]);
        Layer target = run.Own(TaskHyperCases.Target(source));
        TargetManifest manifest = TargetManifest.Of(target);
        int width = source.Int("embedding", embedding.Shape[1]);
        (RecurrentKind kind, string cell) = Cell(run);
        RecurrentEmission emission = new(
            manifest, width, source.Int("hidden"), source.Int("step_embedding"), IsShared(source) ? source.Int("chunk") : null, kind, new RandomStream(0));
        if (source.Int("steps", emission.Steps) != emission.Steps)
        {
            throw new InvalidDataException($"{source.Path}: config \"steps\" must be {emission.Steps} for these tensors and chunks; it is {source.Int("steps")}.");
        }
        HyperNetwork network = run.Own(new HyperNetwork(target, new DeclaredConditioning([Condition.Raw("task", width)]), new Sequential(), emission));
        using IDisposable weights = HyperTargets.Use(run, network, name => name
            .Replace("emission.cell.", $"{cell}.", StringComparison.Ordinal)
            .Replace("emission.steps", "step_emb", StringComparison.Ordinal)
            .Replace("emission.", "", StringComparison.Ordinal));
        Dictionary<string, Tensor> outputs = new()
        {
            ["theta"] = TaskHyperCases.As(run, "theta", network.Generate(embedding)),
        };
        if (source.Tensors.ContainsKey("out.h"))
        {
            outputs.Add("h", TaskHyperCases.As(run, "h", emission.States(embedding, network.Generator)[^1]));
        }
        if (run.OptionalInput("x") is { } x)
        {
            outputs.Add("y", network.Forward(x, embedding));
        }
        return outputs;
    }

    private static bool IsShared(ReferenceCase source) => source.Text("heads", "shared") switch
    {
        "shared" => true,
        "per layer" => false,
        string other => throw new InvalidDataException($"{source.Path}: heads must be \"shared\" or \"per layer\"; it is \"{other}\"."),
    };

    private static (RecurrentKind Kind, string Prefix) Cell(ReferenceRun run)
    {
        string prefix = run.Case.Text("cell", new[] { "gru", "rnn" }.FirstOrDefault(name => run.HasParameter($"{name}.weight_ih"), "lstm"));
        return prefix switch
        {
            "lstm" => (RecurrentKind.Lstm, prefix),
            "gru" => (RecurrentKind.Gru, prefix),
            "rnn" => (RecurrentKind.Tanh, prefix),
            _ => throw new InvalidDataException($"{run.Case.Path}: cell must be \"lstm\", \"gru\" or \"rnn\"; it is \"{prefix}\"."),
        };
    }
}
