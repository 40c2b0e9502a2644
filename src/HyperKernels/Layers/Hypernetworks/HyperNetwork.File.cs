using System.Text.Json;
using HyperKernels.IO;

namespace HyperKernels.Layers;

public sealed partial class HyperNetwork
{
    private const string FormatKey = "format";
    private const string Format = "hyperkernels.hypernetwork.1";
    private const string DescriptionKey = "hypernetwork";

    /// <summary>
    /// Writes a safetensors file with all weights and, as metadata, conditions, encoding, generator, emission plan, the manifest and, where
    /// it is made of the library's layers, the target. Written beside the file first, then renamed.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidOperationException">The generator is a layer of a type of your own.</exception>
    public void Save(string path)
    {
        Dictionary<string, string> metadata = new() { [FormatKey] = Format, [DescriptionKey] = HyperNetworkFormat.Write(this) };
        StateFile.Write(path, GetState(), metadata);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">
    /// A network of the target's make, needed only if that has layers of types of your own and is to be run; without it such a
    /// hypernetwork still generates (<see cref="Generate"/>, <see cref="MaterializeInto"/>).
    /// </param>
    /// <exception cref="InvalidDataException">The file is damaged, or no hypernetwork; the message names file and place.</exception>
    /// <returns>A hypernetwork that gives the same outputs; where the file describes the target, in the same mode (training or not), part by part.</returns>
    /// <exception cref="ArgumentException">target has other names or shapes than the file's manifest.</exception>
    public static HyperNetwork Load(string path, Layer? target = null)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        string? format = file.Metadata.GetValueOrDefault(FormatKey);
        string description = file.Metadata.GetValueOrDefault(DescriptionKey) ?? "";
        if (format != Format)
        {
            Throw.InvalidData($"{path}: metadata \"{FormatKey}\" must be \"{Format}\"; got {(format is null ? "none" : $"\"{format}\"")}. For weights of the Python library hyperlight use LoadHyperlight.");
        }
        Dictionary<string, HostArray> state = ReadState(file);
        HyperNetworkDescription described = Parsed(path, () =>
        {
            using JsonDocument document = JsonDocument.Parse(description);
            return HyperNetworkFormat.Read(document.RootElement.Clone(), state.ToDictionary(static named => named.Key, static named => named.Value.Shape), withTarget: target is null);
        });
        if (described.Target is { } own)
        {
            return Parsed(path, () => Fill(described.Make(own), state));
        }
        described.Manifest.FindIn(target!, "HyperNetwork.Load");
        return Fill(described.Make(target!), state);
    }

    /// <summary>Reads weights saved by the Python library hyperlight: <c>backbone.block0_lin.weight</c>, <c>backbone.output.bias</c> (theta0) and so on.</summary>
    /// <param name="path">A safetensors file of the state dictionary.</param>
    /// <param name="prefix">What stands before <c>backbone</c> in its names: <c>hypernet.</c>; names without it are left alone.</param>
    /// <exception cref="ArgumentException">A shape differs, or no name fits; the message lists them.</exception>
    public void LoadHyperlight(string path, string prefix = "")
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Dictionary<string, HostArray> state = new(GetState());
        int found = 0;
        foreach ((string name, HostArray values) in ReadState(file))
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal) && FromHyperlight(name[prefix.Length..]) is { } own)
            {
                state[own] = values;
                found++;
            }
        }
        if (found == 0)
        {
            Throw.Argument($"HyperNetwork.LoadHyperlight: {path} has no names such as \"{prefix}backbone.output.weight\"; it has {string.Join(", ", file.Entries.Keys.Take(5))}.");
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

    private static HyperNetwork Fill(HyperNetwork network, Dictionary<string, HostArray> state)
    {
        network.LoadState(state);
        return network;
    }

    /// <summary>Whatever is wrong with what a file says is a mistake of the file, not of the caller.</summary>
    private static T Parsed<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure
            is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"{path}: metadata \"{DescriptionKey}\" does not describe the hypernetwork of this file: {failure.Message}", failure);
        }
    }

    private static Dictionary<string, HostArray> ReadState(SafetensorsFile file) =>
        file.Entries.Values.ToDictionary(static entry => entry.Name, entry => StateFile.ToArray(file, entry));
}
