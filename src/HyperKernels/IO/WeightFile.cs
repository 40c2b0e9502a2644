using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperKernels.IO;

/// <summary>
/// Weights by name in a safetensors file, each as the parts that it is made of: a generated change of low rank stays two thin matrices.
/// A dense weight is a plain tensor that any reader finds under its name.
/// </summary>
/// <remarks>
/// Parts stand under <c>name.part</c> (<c>fc1.weight.a</c>, <c>fc1.weight.b</c>, <c>fc1.weight.base</c>); the metadata <c>weight.name</c> tells the kind and its numbers.
/// </remarks>
public static class WeightFile
{
    private const string Prefix = "weight.";
    private const string Base = "base";

    /// <summary>Writes weights as float32; the file is replaced whole or not at all. Waits for the device.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="weights">Weights by name.</param>
    /// <param name="metadata">Strings to store beside them, or null.</param>
    /// <exception cref="ArgumentException">Two parts have one name, or a metadata key begins with <c>weight.</c>.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Weight> weights, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Dictionary<string, HostArray> state = [];
        Dictionary<string, string> notes = new(metadata ?? new Dictionary<string, string>());
        if (notes.Keys.FirstOrDefault(static key => key.StartsWith(Prefix, StringComparison.Ordinal)) is { } taken)
        {
            Throw.Argument($"WeightFile: metadata keys must not begin with \"{Prefix}\", which describes weights; got \"{taken}\".");
        }
        using MemoryScope scope = new();
        foreach ((string name, Weight weight) in weights)
        {
            if (weight.Kind == WeightKind.Dense)
            {
                Add(state, name, weight.First);
                continue;
            }
            (string first, string second) = PartsOf(weight.Kind);
            Add(state, $"{name}.{first}", weight.Kind is WeightKind.Generated or WeightKind.Mixture ? weight.RowsOfSets() : weight.First);
            Add(state, $"{name}.{second}", weight.Second);
            if (weight.HasBase)
            {
                Add(state, $"{name}.{Base}", weight.ShapedBase());
            }
            notes.Add(Prefix + name, Describe(weight));
        }
        StateFile.Write(path, state, notes);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; tensors without a description are dense weights.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where the parts are put; null means <see cref="Device.Default"/>.</param>
    /// <returns>Weights by name; their parts belong to the current scope.</returns>
    /// <exception cref="InvalidDataException">
    /// The file breaks a rule of the format, a part is missing, or parts do not fit each other; the message names file and weight.
    /// </exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static IReadOnlyDictionary<string, Weight> Read(string path, Device? device = null)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Dictionary<string, HostArray> parts = file.Entries.Values.ToDictionary(static entry => entry.Name, entry => StateFile.ToArray(file, entry));
        Dictionary<string, Weight> weights = [];
        foreach ((string key, string description) in file.Metadata)
        {
            if (!key.StartsWith(Prefix, StringComparison.Ordinal))
            {
                continue;
            }
            string name = key[Prefix.Length..];
            try
            {
                weights.Add(name, Make(name, description, parts, device));
            }
            catch (Exception failure) when (
                failure is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or ArgumentException or OverflowException)
            {
                throw new InvalidDataException($"{path}: metadata {BadFile.Quote(key)} does not describe a weight of this file: {OneLine.Of(failure.Message)}", failure);
            }
        }
        foreach ((string name, HostArray values) in parts)
        {
            if (!weights.TryAdd(name, values.ToTensor(device)))
            {
                throw new InvalidDataException($"{path}: {BadFile.Quote(name)} is a tensor and a weight made of parts.");
            }
        }
        return weights;
    }

    private static (string First, string Second) PartsOf(WeightKind kind) => kind switch
    {
        WeightKind.Generated => ("z", "generator"),
        WeightKind.Mixture => ("routing", "bank"),
        WeightKind.LowRank => ("a", "b"),
        WeightKind.Kronecker => ("a", "s"),
        WeightKind.Modulated => ("value", "delta"),
        WeightKind.Scaled => ("value", "scale"),
        _ => throw new FormatException($"a weight of kind {kind} has no parts."),
    };

    private static string Describe(in Weight weight) => new JsonObject
    {
        ["kind"] = weight.Kind.ToString(),
        ["shape"] = new JsonArray([.. weight.Shape.AsSpan().ToArray().Select(static size => (JsonNode)size)]),
        ["scale"] = weight.Scale,
        ["demodulated"] = weight.IsDemodulated,
    }.ToJsonString();

    private static Weight Make(string name, string description, Dictionary<string, HostArray> parts, Device? device)
    {
        using JsonDocument document = JsonDocument.Parse(description);
        JsonElement json = document.RootElement;
        string? text = json.GetProperty("kind").GetString();
        WeightKind kind = Enum.TryParse(text, out WeightKind value) && Enum.IsDefined(value)
            ? value
            : throw new FormatException($"\"kind\" must be one of {string.Join(", ", Enum.GetNames<WeightKind>())}; it is \"{text}\".");
        Shape shape = new([.. json.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt32())]);
        float scale = json.GetProperty("scale").GetSingle();
        (string firstPart, string secondPart) = PartsOf(kind);
        Tensor first = Take(parts, $"{name}.{firstPart}", device) ?? throw new FormatException($"the part \"{name}.{firstPart}\" is missing.");
        Tensor second = Take(parts, $"{name}.{secondPart}", device) ?? throw new FormatException($"the part \"{name}.{secondPart}\" is missing.");
        Tensor? bases = Take(parts, $"{name}.{Base}", device);
        return kind switch
        {
            WeightKind.Generated => Weight.Generated(first, second, bases, shape),
            WeightKind.Mixture => Weight.Mixture(first, second, bases),
            WeightKind.LowRank => Weight.LowRank(first, second, scale, bases, shape),
            WeightKind.Kronecker => Weight.Kronecker(first, second),
            WeightKind.Scaled => Weight.Scaled(first, second, bases),
            _ => Weight.Modulated(first, second, json.GetProperty("demodulated").GetBoolean(), scale),
        };
    }

    private static Tensor? Take(Dictionary<string, HostArray> parts, string name, Device? device) =>
        parts.Remove(name, out HostArray? values) ? values.ToTensor(device) : null;

    private static void Add(Dictionary<string, HostArray> state, string name, Tensor part)
    {
        if (!state.TryAdd(name, HostArray.Of(part)))
        {
            Throw.Argument($"WeightFile: the name \"{name}\" would stand for two tensors; rename one of the weights.");
        }
    }
}
