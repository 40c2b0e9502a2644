using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Hypernetworks trained with the Python library hyperlight (JJGO/hyperlight, 0.0.5), from their state dictionary in a safetensors file:
/// <c>safetensors.torch.save_file(hypernet.state_dict(), path)</c>.
/// </summary>
/// <remarks>
/// Names are <c>backbone.block0_lin.weight</c>, <c>backbone.block0_lin.bias</c>, ..., <c>backbone.output.weight</c> and, unless without base weights,
/// <c>backbone.output.bias</c>; matrices are (out, in) there as here. Sizes come from the file. What it does not hold has to be said: what the inputs
/// are called (they are laid out in alphabetical order), their encoding, and the activation.
/// </remarks>
public static class HyperlightFile
{
    /// <summary>Makes the hypernetwork of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">
    /// The target. Its parameters that fit <paramref name="parameters"/> must be those that were generated, in their order: that of PyTorch's modules.
    /// </param>
    /// <param name="inputs">
    /// The inputs by name, in the order in which values will be given: <c>Condition.Unit("gamma", 3)</c> for encoded ones of 3 numbers,
    /// <c>Condition.Raw("gamma", 3)</c> where there was no encoding.
    /// </param>
    /// <param name="encoding">How inputs were encoded; null means <see cref="Encoding.CosSin"/>, the library's default.</param>
    /// <param name="activation">The activation; null means a leaky ReLU, the library's default.</param>
    /// <param name="parameters">Which of the target's parameters are generated: a pattern over dotted names.</param>
    /// <param name="prefix">What the hypernetwork's names begin with, for one that is part of a larger model: <c>hypernet.</c></param>
    /// <param name="targetPrefix">What the names of the target's own, not generated parameters begin with; null leaves those as they are.</param>
    /// <returns>A hypernetwork with a plain or a residual output layer, whose every part can be trained on.</returns>
    /// <exception cref="InvalidDataException">A tensor is missing, surplus, or of another shape; the message names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static HyperNetwork Read(
        string path,
        Layer target,
        IReadOnlyList<Condition> inputs,
        Encoding? encoding = null,
        Activation? activation = null,
        string parameters = "*",
        string prefix = "",
        string? targetPrefix = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(inputs);
        LibraryState file = LibraryState.Open(nameof(HyperlightFile), path, prefix);
        TargetManifest manifest = TargetManifest.Of(target, parameters);
        using DeclaredConditioning sizes = new(inputs, encoding);
        Dictionary<string, HostArray> state = [];
        List<int> hidden = [];
        int width = sizes.Size;
        while (file.Has($"backbone.block{hidden.Count}_lin.weight"))
        {
            string name = $"backbone.block{hidden.Count}_lin";
            string own = $"generator.hidden{hidden.Count}";
            if (hidden.Count == 0)
            {
                CheckInputs(file, name, inputs, sizes);
            }
            HostArray weight = file.TakeMatrix($"{name}.weight", columns: width);
            width = weight.Shape[0];
            state.Add($"{own}.weight", weight);
            state.Add($"{own}.bias", file.TakeVector($"{name}.bias", width));
            hidden.Add(width);
        }
        HostArray output = file.Take("backbone.output.weight");
        if (output.Shape != new Shape(manifest.Count, width))
        {
            throw file.Wrong(
                $"\"{prefix}backbone.output.weight\" must be [{manifest.Count}, {width}]: a row for every value of the target's parameters that fit \"{parameters}\" "
                + $"({string.Join(", ", manifest.Entries.Select(static entry => $"{entry.Name} {entry.Shape}"))}), a column for every number that "
                + $"reaches it; it is {output.Shape}.");
        }
        state.Add("emission.weight", output);
        bool hasBase = file.Has("backbone.output.bias");
        if (hasBase)
        {
            state.Add("emission.theta0", file.TakeVector("backbone.output.bias", manifest.Count));
        }
        HyperNetwork network = HyperNetwork.For(target, inputs, hidden, parameters, new HyperNetworkOptions
        {
            Encoding = encoding ?? Encoding.CosSin,
            Activation = activation ?? Activation.LeakyRelu(),
            Base = hasBase ? BaseWeights.Zero : BaseWeights.None,
        });
        file.LoadTarget(network, targetPrefix);
        file.Finish("hyperlight's \"backbone.block0_lin.weight\" and so on, \"backbone.output.weight\" and \"backbone.output.bias\"");
        network.LoadState(state, partial: true);
        return network;
    }

    // A hypernetwork without hidden layers is found out by its output layer.
    private static void CheckInputs(LibraryState file, string name, IReadOnlyList<Condition> inputs, DeclaredConditioning sizes)
    {
        HostArray weight = file.Peek($"{name}.weight");
        if (weight.Shape.Rank != 2 || weight.Shape[1] != sizes.Size)
        {
            throw file.Wrong(
                $"\"{name}.weight\" must have a column for each of the {sizes.Size} numbers that the inputs "
                + $"{string.Join(", ", inputs.Select(static input => $"{input.Name} ({input.Size})"))} "
                + $"come to with the encoding {sizes.Encoding.Name}; it is {weight.Shape}. Give the inputs, sizes and encoding that it was trained with.");
        }
    }
}
