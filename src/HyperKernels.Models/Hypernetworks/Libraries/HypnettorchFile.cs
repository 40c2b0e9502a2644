using System.Globalization;
using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Hypernetworks trained with the Python library hypnettorch (chrhenning/hypnettorch, 0.0.4), HMLP and ChunkedHMLP, from their state dictionary in a
/// safetensors file. The dictionary holds tensors under several names: <c>safetensors.torch.save_model(hnet, path)</c> keeps one of each.
/// </summary>
/// <remarks>
/// Names are <c>_internal_params.0</c> and so on: first the tasks' embeddings, then the layers' weights and biases in turn, then chunk embeddings, one
/// table for all tasks or one for each. A chunked one has most of them again as <c>_hnet._internal_params.0</c>, and both have
/// <c>_layer_weight_tensors.0</c> and <c>_layer_bias_vectors.0</c>. Sizes come from the file. Batch norm inside the hypernetwork is not read, nor are
/// hypernetworks whose embeddings are kept outside.
/// </remarks>
public static class HypnettorchFile
{
    private const string Where = nameof(HypnettorchFile);
    private const string Params = "_internal_params.";

    /// <summary>Makes the hypernetwork of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">The target, whose parameters in order must be the library's <c>target_shapes</c>.</param>
    /// <param name="activation">The activation; null means ReLU, the library's default.</param>
    /// <param name="parameters">Which of the target's parameters are generated: a pattern over dotted names.</param>
    /// <param name="prefix">What the hypernetwork's names begin with, for one that is part of a larger model.</param>
    /// <returns>What <see cref="TaskHyperNetwork.Create"/> makes: it takes task numbers, behind external inputs if it was trained with such.</returns>
    /// <exception cref="InvalidDataException">A tensor is missing, surplus, or of another shape; the message names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static HyperNetwork Read(string path, Layer target, Activation? activation = null, string parameters = "*", string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(target);
        LibraryState file = LibraryState.Open(Where, path, prefix);
        HostArray[] tensors = InOrder(file);
        int weights = TargetManifest.Of(target, parameters).Count;
        Form form = Form.Find(tensors, weights)
            ?? throw file.Wrong(
                $"the tensors \"{prefix}{Params}0\" and so on must be embeddings, layers that fit one another, and chunk embeddings if there are chunks, "
                + $"for the target's {weights} weights; "
                + $"they are {string.Join(", ", tensors.Select(static tensor => tensor.Shape.ToString()))}. Embeddings kept outside, or another target, would look like this.");
        CheckAliases(file, tensors, form);
        file.Finish($"hypnettorch's \"{Params}0\" and so on, and the same again under \"_hnet.\", \"_layer_weight_tensors.\" and \"_layer_bias_vectors.\"");
        HyperNetwork network = TaskHyperNetwork.Create(target, form.Tasks, form.Embedding, new TaskHyperNetworkOptions
        {
            Emission = form.Tables > 0 ? TaskEmission.Chunks : TaskEmission.Full,
            Hidden = [.. form.Weights.SkipLast(1).Select(i => tensors[i].Shape[0])],
            Activation = activation ?? Activation.Relu,
            Bias = form.HasBias,
            External = form.External,
            ChunkSize = form.Tables > 0 ? tensors[form.Weights[^1]].Shape[0] : 1,
            ChunkEmbedding = form.Tables > 0 ? tensors[^1].Shape[1] : 1,
            OwnChunks = form.OwnChunks,
            Parameters = parameters,
        });
        network.LoadState(State(network, tensors, form), partial: true);
        return network;
    }

    // The file may hold a tensor under one or several of its names.
    private static HostArray[] InOrder(LibraryState file)
    {
        List<HostArray> tensors = [];
        while (true)
        {
            string name = $"{Params}{tensors.Count}";
            string inner = $"_hnet.{name}";
            HostArray? own = file.Has(name) ? file.Take(name) : null;
            HostArray? copy = file.Has(inner) ? file.Take(inner) : null;
            CheckSame(file, inner, own, copy);
            if ((own ?? copy) is not { } tensor)
            {
                return tensors.Count > 0 ? [.. tensors] : [file.Take(name)];
            }
            tensors.Add(tensor);
        }
    }

    private static void CheckAliases(LibraryState file, HostArray[] tensors, Form form)
    {
        foreach (string part in new[] { "", "_hnet." })
        {
            for (int i = 0; i < form.Weights.Count; i++)
            {
                Check($"{part}_layer_weight_tensors.{i}", tensors[form.Weights[i]]);
                if (form.HasBias)
                {
                    Check($"{part}_layer_bias_vectors.{i}", tensors[form.Weights[i] + 1]);
                }
            }
        }

        void Check(string name, HostArray tensor) => CheckSame(file, name, tensor, file.Has(name) ? file.Take(name) : null);
    }

    private static void CheckSame(LibraryState file, string name, HostArray? tensor, HostArray? copy)
    {
        if (tensor is not null && copy is not null && (tensor.Shape != copy.Shape || !tensor.Values.AsSpan().SequenceEqual(copy.Values)))
        {
            throw file.Wrong($"\"{name}\" must be the tensor that also stands under \"{Params}\"; its values or its shape differ.");
        }
    }

    private static Dictionary<string, HostArray> State(HyperNetwork network, HostArray[] tensors, Form form)
    {
        // Activations stand between the layers of the generator, so their places are not their numbers.
        string[] layers = [.. network.Generator.NamedLayers().Where(static named => named.Layer is Linear).Select(static named => $"generator.{named.Name}.")];
        Dictionary<string, HostArray> state = [];
        for (int task = 0; task < form.Tasks && form.Embedding > 0; task++)
        {
            state.Add($"conditioning.task{task}", tensors[task]);
        }
        for (int i = 0; i < form.Weights.Count; i++)
        {
            bool isOutput = i == layers.Length;
            string layer = !isOutput ? layers[i] : form.Tables > 0 ? "emission.output." : "emission.";
            state.Add($"{layer}weight", tensors[form.Weights[i]]);
            if (form.HasBias)
            {
                state.Add(isOutput && form.Tables == 0 ? "emission.theta0" : $"{layer}bias", tensors[form.Weights[i] + 1]);
            }
        }
        for (int table = 0; table < form.Tables; table++)
        {
            string name = form.OwnChunks ? string.Create(CultureInfo.InvariantCulture, $"conditioning.chunks{table}") : "emission.chunks";
            state.Add(name, tensors[tensors.Length - form.Tables + table]);
        }
        return state;
    }

    /// <summary>What the tensors are, found out by their shapes.</summary>
    private sealed record Form(int Tasks, int Embedding, bool HasBias, IReadOnlyList<int> Weights, int Tables, bool OwnChunks, int External)
    {
        public static Form? Find(HostArray[] tensors, int count)
        {
            int tasks = tensors.TakeWhile(static tensor => tensor.Shape.Rank == 1).Count();
            int embedding = tasks == 0 ? 0 : tensors[0].Shape[0];
            int most = tensors.Length - tasks - 1;
            if (most < 0 || tensors.Take(tasks).Any(tensor => tensor.Shape != tensors[0].Shape))
            {
                return null;
            }
            bool hasBias = most > 0 && tensors[tasks + 1].Shape.Rank == 1;
            IEnumerable<int> tables = tasks > 0 ? new[] { 0, 1, tasks }.Distinct() : Enumerable.Range(1, most);
            return tables.Select(number => Of(tensors, count, tasks, embedding, hasBias, number)).FirstOrDefault(static form => form is not null);
        }

        private static Form? Of(HostArray[] tensors, int count, int tasks, int embedding, bool hasBias, int tables)
        {
            int step = hasBias ? 2 : 1;
            int end = tensors.Length - tables;
            int[] weights = [.. Enumerable.Range(0, Math.Max(0, (end - tasks) / step)).Select(i => tasks + (i * step))];
            if (weights.Length == 0 || tasks + (weights.Length * step) != end || weights.Any(i => tensors[i].Shape.Rank != 2)
                || (hasBias && weights.Any(i => tensors[i + 1].Shape != [tensors[i].Shape[0]]))
                || weights.Zip(weights.Skip(1)).Any(pair => tensors[pair.First].Shape[0] != tensors[pair.Second].Shape[1]))
            {
                return null;
            }
            int size = tensors[weights[^1]].Shape[0];
            HostArray[] chunks = tensors[end..];
            int chunkEmbedding = tables == 0 ? 0 : chunks[0].Shape[-1];
            bool fits = tables == 0
                ? size == count
                : chunks.All(table => table.Shape == new Shape((int)(((long)count + size - 1) / size), chunkEmbedding));
            int external = tensors[weights[0]].Shape[1] - embedding - chunkEmbedding;
            bool own = tables > 1 || (tables == 1 && tasks == 0);
            return fits && external >= 0 ? new Form(tasks > 0 ? tasks : tables, embedding, hasBias, weights, tables, own, external) : null;
        }
    }
}
