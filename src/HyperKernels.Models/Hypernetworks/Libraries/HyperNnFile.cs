using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Hypernetworks trained with the Python library hyper-nn (shyamsn97/hyper-nn, 0.2.2) in PyTorch, from their state dictionary in a safetensors file:
/// <c>safetensors.torch.save_file(hypernetwork.state_dict(), path)</c>.
/// </summary>
/// <remarks>
/// Sizes come from the file. Models of its Flax side are not read: they generate kernels (in, out) and biases before kernels, so that chunks hold the
/// target's weights in another order.
/// </remarks>
public static class HyperNnFile
{
    private const string Embeddings = "network.emission.embeddings";
    private const string Output = "network.emission.output";
    private const string Make = "hyper-nn's \"embedding_module...\" and \"weight_generator.weight\" and \".bias\"";

    /// <summary>Makes the hypernetwork of a file with a TorchLinearHyperNetwork.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">The target, whose parameters in order must be those that were generated.</param>
    /// <param name="parameters">Which of them are generated: a pattern over dotted names.</param>
    /// <param name="prefix">What the hypernetwork's names begin with, for one that is part of a larger model.</param>
    /// <returns>What <see cref="LinearHyperNetwork.Create"/> makes.</returns>
    /// <exception cref="InvalidDataException">A tensor is missing, surplus, or of another shape; the message names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static HyperNetwork Read(string path, Layer target, string parameters = "*", string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(target);
        LibraryState file = Open(path, prefix);
        HostArray embeddings = file.TakeMatrix("embedding_module.weight");
        Dictionary<string, HostArray> state = Chunks(file, embeddings, TargetManifest.Of(target, parameters));
        file.Finish(Make);
        HyperNetwork network = LinearHyperNetwork.Create(
            target, embeddings.Shape[0], embeddings.Shape[1], state[$"{Output}.bias"].Shape[0], parameters);
        network.LoadState(state.ToDictionary(static pair => pair.Key["network.".Length..], static pair => pair.Value), partial: true);
        return network;
    }

    /// <summary>Makes the hypernetwork of a file with a TorchDynamicHyperNetwork.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">The target, whose parameters in order must be those that were generated.</param>
    /// <param name="parameters">Which of them are generated: a pattern over dotted names.</param>
    /// <param name="prefix">What the hypernetwork's names begin with, for one that is part of a larger model.</param>
    /// <exception cref="InvalidDataException">A tensor is missing, surplus, or of another shape; the message names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static DynamicHyperNetwork ReadDynamic(string path, TensorLayer target, string parameters = "*", string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(target);
        LibraryState file = Open(path, prefix);
        HostArray embeddings = file.TakeMatrix("embedding_module.embedding.weight");
        int count = embeddings.Shape[0];
        Dictionary<string, HostArray> state = Chunks(file, embeddings, TargetManifest.Of(target, parameters));
        state.Add("cell.weight_ih", file.TakeMatrix("embedding_module.rnn_cell.weight_ih", rows: count));
        state.Add("cell.weight_hh", file.TakeMatrix("embedding_module.rnn_cell.weight_hh", count, count));
        state.Add("cell.bias_ih", file.TakeVector("embedding_module.rnn_cell.bias_ih", count));
        state.Add("cell.bias_hh", file.TakeVector("embedding_module.rnn_cell.bias_hh", count));
        file.Finish(Make);
        DynamicHyperNetwork network = new(
            target, state["cell.weight_ih"].Shape[1], count, embeddings.Shape[1], state[$"{Output}.bias"].Shape[0], parameters);
        network.LoadState(state, partial: true);
        return network;
    }

    // Modules of the library carry an empty parameter that remembers their device.
    private static LibraryState Open(string path, string prefix)
    {
        LibraryState file = LibraryState.Open(nameof(HyperNnFile), path, prefix);
        file.Drop(static name => name.EndsWith("__device_param_dummy__", StringComparison.Ordinal));
        return file;
    }

    private static Dictionary<string, HostArray> Chunks(LibraryState file, HostArray embeddings, TargetManifest manifest)
    {
        HostArray weight = file.TakeMatrix("weight_generator.weight", columns: embeddings.Shape[1]);
        HostArray bias = file.TakeVector("weight_generator.bias", weight.Shape[0]);
        long values = (long)embeddings.Shape[0] * weight.Shape[0];
        return values >= manifest.Count
            ? new() { [Embeddings] = embeddings, [$"{Output}.weight"] = weight, [$"{Output}.bias"] = bias }
            : throw file.Wrong(
                $"its {embeddings.Shape[0]} chunks of {weight.Shape[0]} values must make the target's {manifest.Count} weights "
                + $"({string.Join(", ", manifest.Entries.Select(static entry => $"{entry.Name} {entry.Shape}"))}); they make {values}.");
    }
}
