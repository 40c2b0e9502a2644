using System.Text.Json;
using System.Text.Json.Nodes;
using HyperKernels.IO;

namespace HyperKernels.Layers;

public abstract partial class Layer
{
    private const string FormatKey = "format";
    private const string Format = "hyperkernels.layer.1";
    private const string DescriptionKey = "layer";

    // What files of hypernetworks said before any layer had files of its own.
    private const string FirstFormat = "hyperkernels.hypernetwork.1";
    private const string FirstDescriptionKey = "hypernetwork";

    // A constructor may make a layer that it does not keep.
    private const int Slack = 2;

    /// <summary>
    /// Writes a safetensors file with all parameters and buffers and, as metadata, the classes and settings of this layer and those inside it, so
    /// that the file alone is enough to go on. Written beside the file first, then renamed.
    /// </summary>
    /// <param name="path">The file to make or replace.</param>
    /// <exception cref="InvalidOperationException">
    /// A layer's class is not registered (<see cref="LayerTypes"/>), one that stands in settings was not added to the tree (the message names it), or
    /// layers are nested more than some hundred deep.
    /// </exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public void Save(string path)
    {
        string where = $"{GetType().Name}.Save";
        string description = LayerWriter.Write(this, where).ToJsonString();
        try
        {
            // What could not be read again must not be written.
            LayerReader.Parse(description);
        }
        catch (JsonException failure)
        {
            throw new InvalidOperationException($"{where}: layers are nested more deeply than files may have them: {failure.Message}", failure);
        }
        StateFile.Write(path, GetState(), new Dictionary<string, string> { [FormatKey] = Format, [DescriptionKey] = description });
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <returns>A layer of the same classes, settings, values and modes (training or not), on the default device.</returns>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, holds no layer, or one of a class that is not registered; the message names file and place.
    /// </exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static Layer Load(string path) => Load(path, null);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <typeparam name="TLayer">The class that is expected, or <see cref="TensorLayer"/>.</typeparam>
    /// <param name="path">The file.</param>
    /// <returns>A layer of the same classes, settings, values and modes (training or not), on the default device.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or holds no such layer; the message names file and place.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static TLayer Load<TLayer>(string path)
        where TLayer : Layer
    {
        Layer layer = Load(path);
        if (layer is not TLayer)
        {
            string found = layer.GetType().Name;
            layer.Dispose();
            Throw.InvalidData($"{path}: the file must hold a {typeof(TLayer).Name}; it holds a {found}.");
        }
        return (TLayer)layer;
    }

    /// <summary>A new layer of the same settings and modes, whose values are to be overwritten.</summary>
    internal static Layer Remake(Layer layer, string where)
    {
        JsonObject description = LayerWriter.Write(layer, where);
        return LayerReader.Read(LayerReader.Parse(description.ToJsonString()));
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="make">Makes the layer at the root of the description; null for what its type says.</param>
    private protected static Layer Load(string path, Func<LayerSettings, Layer>? make)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        string? format = file.Metadata.GetValueOrDefault(FormatKey);
        if (format is not (Format or FirstFormat))
        {
            string got = format is null ? "none" : BadFile.Quote(format);
            Throw.InvalidData(
                $"{path}: metadata \"{FormatKey}\" must be \"{Format}\"; got {got}. A state alone is read by StateFile.Read and taken by LoadState, "
                + "weights of the Python library hyperlight by HyperlightFile.Read of HyperKernels.Models.");
        }
        Dictionary<string, HostArray> state = file.Entries.Values.ToDictionary(static entry => entry.Name, entry => StateFile.ToArray(file, entry));
        long weights = state.Values.Sum(static values => values.Shape.Count);
        string key = format == Format ? DescriptionKey : FirstDescriptionKey;
        Layer layer = Parsed(path, key, () =>
        {
            JsonObject description = LayerReader.Parse(file.Metadata.GetValueOrDefault(key) ?? "");
            if (format == FirstFormat)
            {
                description[LayerWriter.Type] = HyperNetwork.StoredName;
            }
            return LayerReader.Read(description, Slack * weights, make);
        });
        if (make is null)
        {
            Parsed(path, key, () => layer.LoadState(state));
        }
        else
        {
            // What does not fit is part of what the caller gave.
            layer.LoadState(state);
        }
        return layer;
    }

    /// <summary>Whatever is wrong with what a file says is a mistake of the file, not of the caller.</summary>
    private static T Parsed<T>(string path, string key, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is JsonException or FormatException or InvalidOperationException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"{path}: metadata \"{key}\" does not describe the layers of this file: {OneLine.Of(failure.Message)}", failure);
        }
    }
}
