using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Hypernetworks over chunk embeddings: the linear one, and the dynamic one over a sequence.</summary>
/// <param name="name">The name that cases have for the form.</param>
public sealed class ChunkHyperSystem(string name) : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Sequential target = run.Own(HyperTargets.Parse(source, source.Text("target")));
        int used = source.Int("used", (int)target.Count);
        if (used != target.Count)
        {
            throw new InvalidDataException($"{source.Path}: config \"used\" must be the {target.Count} weights of \"target\"; it is {used}.");
        }
        return run.HasParameter("rnn.weight_ih") ? Dynamic(run, target) : Linear(run, target);
    }

    private static Dictionary<string, Tensor> Linear(ReferenceRun run, Sequential target)
    {
        ReferenceCase source = run.Case;
        HyperNetwork network = run.Own(LinearHyperNetwork.Create(
            target, source.Int("num_embeddings", 3), source.Int("embedding_dim", 100), ChunkSize(source), random: new RandomStream(0)));
        using IDisposable use = HyperTargets.Use(run, network, NameOf);
        Tensor theta = ((ScaledChunkEmission)network.Emission).Chunks(network.Conditioning.Forward(), network.Generator);
        return new Dictionary<string, Tensor>
        {
            ["theta"] = TaskHyperCases.As(run, "theta", theta),
            ["y"] = network.Forward(run.Input("x")),
        };
    }

    private static Dictionary<string, Tensor> Dynamic(ReferenceRun run, Sequential target)
    {
        ReferenceCase source = run.Case;
        Tensor x = run.Input("x");
        int size = x.Shape[x.Rank - 1];
        DynamicHyperNetwork dynamic = run.Own(new DynamicHyperNetwork(
            target, size, source.Int("num_embeddings", 3), source.Int("embedding_dim", 100), ChunkSize(source), random: new RandomStream(0)));
        using IDisposable use = run.Use(dynamic, NameOf);
        ScaledChunkEmission emission = (ScaledChunkEmission)dynamic.Network.Emission;
        int steps = source.Int("steps", x.Shape[0]);
        int batch = x.Rank == 3 ? x.Shape[1] : 1;
        Tensor? state = run.OptionalInput("state") ?? run.OptionalInput("hidden_state");
        Tensor[] thetas = new Tensor[steps];
        Tensor[] outputs = new Tensor[steps];
        for (int step = 0; step < steps; step++)
        {
            Tensor input = Ops.Reshape(Ops.Slice(x, 0, step, 1), [batch, size]);
            (outputs[step], Tensor next) = dynamic.Forward(input, state);
            thetas[step] = emission.Chunks(next, dynamic.Network.Generator);
            state = next;
        }
        return new Dictionary<string, Tensor>
        {
            ["theta"] = Shaped(run, "theta", thetas),
            ["y"] = Shaped(run, "y", outputs),
            ["state"] = state!.Value,
        };
    }

    // The library's default are as few values as suffice.
    private static int? ChunkSize(ReferenceCase source) => source.Int("chunk", 0) is var size && size > 0 ? size : null;

    // One sample at a time leaves no axis of samples.
    private static Tensor Shaped(ReferenceRun run, string output, Tensor[] steps)
    {
        Tensor all = Ops.Stack(0, steps);
        Shape wanted = run.Case.Tensor($"out.{output}").Shape;
        return wanted.Rank == all.Rank - 1 && all.Shape[1] == 1 ? Ops.Reshape(all, all.Shape[0], all.Shape[2]) : all;
    }

    private static string NameOf(string name)
    {
        string last = name[(name.LastIndexOf('.') + 1)..];
        return name.Contains("output.", StringComparison.Ordinal) ? $"generator.{last}"
            : last == "embeddings" ? "embedding"
            : $"rnn.{last}";
    }
}
