using System.Globalization;
using System.Text.Json;
using HyperKernels.IO;

namespace HyperKernels.Cases;

/// <summary>
/// One case that was computed elsewhere: metadata, options, and the tensors <c>in.*</c>, <c>in.cot.*</c>, <c>param.*</c>, <c>out.*</c>,
/// <c>grad.*</c>, read from a safetensors file.
/// </summary>
public sealed class ReferenceCase
{
    private readonly Dictionary<string, ReferenceTensor> _tensors = [];

    private ReferenceCase(string path, IReadOnlyDictionary<string, string> metadata)
    {
        Path = path;
        Metadata = metadata;
        Name = metadata.GetValueOrDefault("case") ?? System.IO.Path.GetFileNameWithoutExtension(path);
        SystemName = metadata.GetValueOrDefault("system") ?? throw new InvalidDataException($"{path}: the metadata must name a system; it has none.");
        Loss = metadata.GetValueOrDefault("loss") ?? "";
        Config = ParseConfig(path, metadata.GetValueOrDefault("config") ?? "{}");
        string? drift = metadata.GetValueOrDefault("float32_drift");
        Drift = double.TryParse(drift, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : 0;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The case's name.</summary>
    public string Name { get; }

    /// <summary>What was computed: selects the <see cref="IReferenceSystem"/>.</summary>
    public string SystemName { get; }

    /// <summary>How the loss is made of the outputs, in words.</summary>
    public string Loss { get; }

    /// <summary>Sizes and options.</summary>
    public JsonElement Config { get; }

    /// <summary>The largest relative error of the same computation in float32, as far as it was measured; 0 where not.</summary>
    public double Drift { get; }

    /// <summary>Allowed error, relative to the largest magnitude of a tensor.</summary>
    public double Tolerance => Math.Max(1e-4, 10 * Drift);

    /// <summary>All strings stored beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors by their full names.</summary>
    public IReadOnlyDictionary<string, ReferenceTensor> Tensors => _tensors;

    /// <summary>Reads a case.</summary>
    /// <exception cref="InvalidDataException">The file is malformed, or lacks a system.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static ReferenceCase Open(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        ReferenceCase result = new(path, new Dictionary<string, string>(file.Metadata));
        foreach ((string name, SafetensorsEntry entry) in file.Entries)
        {
            int[] sizes = [.. entry.Shape.Select(size => checked((int)size))];
            bool isFloat = entry.Type is StoredType.F16 or StoredType.BF16 or StoredType.F32 or StoredType.F64;
            result._tensors.Add(name, new ReferenceTensor(new Shape(sizes), file.ReadFloat64(name), !isFloat));
        }
        return result;
    }

    /// <summary>The tensors whose names begin with a prefix, without it: <c>All("out.")</c>.</summary>
    public IEnumerable<(string Name, ReferenceTensor Tensor)> All(string prefix) =>
        from pair in _tensors
        where pair.Key.StartsWith(prefix, StringComparison.Ordinal)
        orderby pair.Key
        select (pair.Key[prefix.Length..], pair.Value);

    /// <summary>A tensor by its full name.</summary>
    /// <exception cref="InvalidDataException">The case has none of that name.</exception>
    public ReferenceTensor Tensor(string name) =>
        _tensors.TryGetValue(name, out ReferenceTensor? tensor) ? tensor : throw new InvalidDataException($"{Path}: the case needs a tensor \"{name}\"; it has none.");

    /// <summary>An integer option.</summary>
    /// <exception cref="InvalidDataException">The option is missing and has no default, or is no integer.</exception>
    public int Int(string name, int? otherwise = null) =>
        Option(name) is not { } option ? otherwise ?? throw Missing(name)
        : option.ValueKind == JsonValueKind.Number && option.TryGetInt32(out int value) ? value
        : throw Malformed(name, "a whole number");

    /// <summary>A number.</summary>
    /// <exception cref="InvalidDataException">The option is missing and has no default, or is no number.</exception>
    public double Number(string name, double? otherwise = null) =>
        Option(name) is not { } option ? otherwise ?? throw Missing(name)
        : option.ValueKind == JsonValueKind.Number ? option.GetDouble()
        : throw Malformed(name, "a number");

    /// <summary>A switch.</summary>
    /// <exception cref="InvalidDataException">The option is missing and has no default, or is neither true nor false.</exception>
    public bool Flag(string name, bool? otherwise = null) =>
        Option(name) is not { } option ? otherwise ?? throw Missing(name)
        : option.ValueKind is JsonValueKind.True or JsonValueKind.False ? option.GetBoolean()
        : throw Malformed(name, "true or false");

    /// <summary>A word.</summary>
    /// <exception cref="InvalidDataException">The option is missing and has no default, or is no string.</exception>
    public string Text(string name, string? otherwise = null) =>
        Option(name) is not { } option ? otherwise ?? throw Missing(name)
        : option.ValueKind == JsonValueKind.String ? option.GetString()!
        : throw Malformed(name, "a string");

    /// <summary>A list of integers.</summary>
    /// <exception cref="InvalidDataException">The option is missing, or is no list of integers.</exception>
    public int[] Ints(string name) =>
        Option(name) is not { } option ? throw Missing(name)
        : option.ValueKind == JsonValueKind.Array && option.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _))
            ? [.. option.EnumerateArray().Select(static item => item.GetInt32())]
        : throw Malformed(name, "a list of whole numbers");

    private static JsonElement ParseConfig(string path, string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new InvalidDataException($"{path}: config must be a JSON object.");
        }
        catch (JsonException failure)
        {
            throw new InvalidDataException($"{path}: config must be a JSON object: {failure.Message}", failure);
        }
    }

    // Null is how Python writes "not given".
    private JsonElement? Option(string name) =>
        Config.TryGetProperty(name, out JsonElement option) && option.ValueKind != JsonValueKind.Null ? option : null;

    private InvalidDataException Missing(string name) => new($"{Path}: config needs \"{name}\"; it has none.");

    private InvalidDataException Malformed(string name, string kind) => new($"{Path}: config \"{name}\" must be {kind}; it is {Option(name)}.");
}
