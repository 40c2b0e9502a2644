using HyperKernels.IO;

namespace HyperKernels.Layers;

public sealed partial class HyperNetwork
{
    /// <summary>Reads what <see cref="Layer.Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">
    /// A network of the target's make, needed only if that has layers of classes that are not registered and is to be run; without it such a
    /// hypernetwork still generates (<see cref="Generate"/>, <see cref="MaterializeInto"/>).
    /// </param>
    /// <returns>A hypernetwork that gives the same outputs; where the file describes the target, in the same mode (training or not), part by part.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or holds no hypernetwork; the message names file and place.</exception>
    /// <exception cref="ArgumentException">target has other names or shapes than the file's manifest.</exception>
    public static HyperNetwork Load(string path, Layer? target = null)
    {
        Layer layer;
        try
        {
            layer = Load(path, target is null ? null : settings => Read(settings, target));
        }
        catch (TargetMismatchException mismatch)
        {
            throw new ArgumentException(mismatch.Message, nameof(target), mismatch);
        }
        if (layer is not HyperNetwork)
        {
            Throw.InvalidData($"{path}: the file must hold a HyperNetwork; it holds a {layer.GetType().Name}.");
        }
        return (HyperNetwork)layer;
    }

    /// <summary>
    /// Reads weights saved by the Python library hyperlight: <c>backbone.block0_lin.weight</c>, <c>backbone.output.bias</c> (theta0) and so on.
    /// </summary>
    /// <param name="path">A safetensors file of the state dictionary.</param>
    /// <param name="prefix">What stands before <c>backbone</c> in its names: <c>hypernet.</c>; names without it are left alone.</param>
    /// <exception cref="ArgumentException">A shape differs, or no name fits; the message lists them.</exception>
    public void LoadHyperlight(string path, string prefix = "")
    {
        Dictionary<string, HostArray> state = new(GetState());
        IReadOnlyDictionary<string, HostArray> theirs = StateFile.Read(path);
        int found = 0;
        foreach ((string name, HostArray values) in theirs)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal) && FromHyperlight(name[prefix.Length..]) is { } own)
            {
                state[own] = values;
                found++;
            }
        }
        if (found == 0)
        {
            Throw.Argument(
                $"HyperNetwork.LoadHyperlight: {path} has no names such as \"{prefix}backbone.output.weight\"; it has {string.Join(", ", theirs.Keys.Take(5))}.");
        }
        LoadState(state);
    }

    private static string? FromHyperlight(string name)
    {
        const string Block = "backbone.block";
        if (name.StartsWith(Block, StringComparison.Ordinal))
        {
            return "generator.hidden" + name[Block.Length..].Replace("_lin.", ".", StringComparison.Ordinal);
        }
        return name switch
        {
            "backbone.output.weight" => "emission.weight",
            "backbone.output.bias" => "emission.theta0",
            _ => null,
        };
    }
}
