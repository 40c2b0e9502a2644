using System.Text.Json;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Task-conditioned hypernetworks as cases describe them: layers <c>w0, b0, w1, ...</c>, embeddings <c>task_emb3</c>, <c>chunk_emb</c>.</summary>
internal static class TaskHyperCases
{
    /// <summary>Makes the hypernetwork of a case's options.</summary>
    public static HyperNetwork Network(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int chunk = source.Int("chunk", 0);
        HyperNetwork network = run.Own(TaskHyperNetwork.Create(
            run.Own(Target(source)),
            source.Int("tasks", Enumerable.Range(0, int.MaxValue).First(task => !run.HasParameter($"task_emb{task}"))),
            source.Int("embedding"),
            new TaskHyperNetworkOptions
            {
                Emission = chunk > 0 ? TaskEmission.Chunks : TaskEmission.Full,
                Hidden = Ints(source, "hidden"),
                Activation = HyperTargets.Activation(source, source.Text("activation", "relu")),
                Bias = run.HasParameter("b0"),
                External = source.Int("external", 0),
                ChunkSize = Math.Max(chunk, 1),
                ChunkEmbedding = source.Int("chunk_embedding", 8),
                OwnChunks = source.Flag("conditional_chunk_embeddings", run.HasParameter("chunk_emb0")),
            },
            new RandomStream(0)));
        int outputs = source.Int("outputs", network.Manifest.Count);
        return outputs == network.Manifest.Count
            ? network
            : throw new InvalidDataException($"{source.Path}: config \"outputs\" must be the {network.Manifest.Count} elements of \"target_tensors\"; it is {outputs}.");
    }

    /// <summary>Makes the hypernetwork compute with the case's parameters, until the result is disposed.</summary>
    public static IDisposable Use(ReferenceRun run, HyperNetwork network) => HyperTargets.Use(run, network, NameOf(network));

    /// <summary>The case's names for the hypernetwork's parameters.</summary>
    public static Func<string, string> NameOf(HyperNetwork network)
    {
        // Activations stand between the layers of the generator, so their places are not their numbers.
        string[] hidden = [.. network.Generator.NamedLayers().Where(static named => named.Layer is Linear).Select(static named => $"generator.{named.Name}")];
        return name =>
        {
            string[] words = name.Split('.');
            string layer = string.Join('.', words[..^1]);
            string last = words[^1];
            int place = Array.IndexOf(hidden, layer);
            return words[0] switch
            {
                "conditioning" => last.Replace("task", "task_emb", StringComparison.Ordinal).Replace("chunks", "chunk_emb", StringComparison.Ordinal),
                "emission" when last == "chunks" => "chunk_emb",
                _ => $"{(last == "weight" ? 'w' : 'b')}{(place >= 0 ? place : hidden.Length)}",
            };
        };
    }

    /// <summary>The target: linear layers with an activation between, as long as the tensors say so; else the tensors alone.</summary>
    public static Layer Target(ReferenceCase source)
    {
        Shape[] shapes = [.. source.Config.GetProperty("target_tensors").EnumerateArray().Select(static sizes => new Shape(Ints(sizes)))];
        List<TensorLayer> layers = [];
        for (int i = 0; i < shapes.Length; i++)
        {
            Shape weight = shapes[i];
            if (weight.Rank != 2)
            {
                return new Tensors(shapes);
            }
            bool hasBias = i + 1 < shapes.Length && shapes[i + 1].Rank == 1 && shapes[i + 1][0] == weight[0];
            if (layers.Count > 0)
            {
                layers.Add(ActivationLayer.Of(HyperTargets.Activation(source, source.Text("target_activation", "relu"))));
            }
            layers.Add(new Linear(weight[1], weight[0], hasBias));
            i += hasBias ? 1 : 0;
        }
        return new Sequential([.. layers]);
    }

    /// <summary>A list of integers; empty where the option is missing.</summary>
    public static int[] Ints(ReferenceCase source, string name) =>
        source.Config.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? Ints(list) : [];

    /// <summary>Drops the axis of weight sets where the case has none.</summary>
    public static Tensor As(ReferenceRun run, string output, Tensor values)
    {
        Shape wanted = run.Case.Tensor($"out.{output}").Shape;
        return wanted.Rank == values.Rank - 1 && values.Shape[0] == 1 ? Ops.Reshape(values, wanted) : values;
    }

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(static item => item.GetInt32())];

    private sealed class Tensors : Layer
    {
        public Tensors(Shape[] shapes)
        {
            for (int i = 0; i < shapes.Length; i++)
            {
                AddParameter($"tensor{i}", shapes[i], Initializer.Zeros);
            }
        }
    }
}
