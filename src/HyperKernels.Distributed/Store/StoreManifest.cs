using System.Globalization;
using System.Text.Json;
using HyperKernels.IO;

namespace HyperKernels.Distributed;

/// <summary>The manifest of a stored hypergraph: counts, and the files with their sizes and checksums.</summary>
/// <param name="Nodes">N.</param>
/// <param name="Edges">E.</param>
/// <param name="Memberships">M.</param>
/// <param name="FeatureCount">F; 0 without features.</param>
/// <param name="Classes">How many classes labels name; 0 without labels.</param>
internal sealed record StoreManifest(int Nodes, int Edges, long Memberships, int FeatureCount, int Classes)
{
    public const string FileName = "manifest.json";

    private const string Format = "hyperkernels hypergraph store 1";
    private const long MostBytes = 1 << 20;

    /// <summary>Bytes of each file, and its checksum where there is one.</summary>
    public required IReadOnlyDictionary<string, (long Bytes, uint? Checksum)> Files { get; init; }

    /// <summary>The files that there must be, with the shapes of their tensors.</summary>
    public IEnumerable<(StoreFile File, long[] Shape)> Expected()
    {
        yield return (StoreFile.EdgeOffsets, [(long)Edges + 1]);
        yield return (StoreFile.EdgeNodes, [Memberships]);
        yield return (StoreFile.NodeOffsets, [(long)Nodes + 1]);
        yield return (StoreFile.NodeEdges, [Memberships]);
        yield return (StoreFile.NodeMemberships, [Memberships]);
        if (FeatureCount > 0)
        {
            yield return (StoreFile.Features, [Nodes, FeatureCount]);
        }
        if (Classes > 0)
        {
            yield return (StoreFile.Labels, [Nodes]);
        }
    }

    public void Write(string folder) => AtomicFile.Write(Path.Combine(folder, FileName), stream =>
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("format", Format);
        json.WriteNumber("nodes", Nodes);
        json.WriteNumber("edges", Edges);
        json.WriteNumber("memberships", Memberships);
        json.WriteNumber("features", FeatureCount);
        json.WriteNumber("classes", Classes);
        json.WriteStartObject("files");
        foreach ((string name, (long bytes, uint? checksum)) in Files.OrderBy(static file => file.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject(name);
            json.WriteNumber("bytes", bytes);
            if (checksum is { } sum)
            {
                json.WriteString("crc32c", sum.ToString("x8", CultureInfo.InvariantCulture));
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <exception cref="InvalidDataException">It is no manifest, or breaks a rule; the message names the file and the place.</exception>
    public static StoreManifest Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        FileInfo file = new(path);
        if (!file.Exists)
        {
            throw new FileNotFoundException(
                $"{path}: a stored hypergraph has a manifest, which is written last; there is none. Is it another folder, or did writing not end?", path);
        }
        if (file.Length > MostBytes)
        {
            throw new InvalidDataException($"{path}: a manifest may have {MostBytes:N0} bytes; this one has {file.Length:N0}.");
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return Parse(path, document.RootElement);
        }
        catch (JsonException failure)
        {
            throw new InvalidDataException($"{path}: line {failure.LineNumber + 1}: the manifest is not valid JSON.", failure);
        }
        catch (InvalidOperationException failure)
        {
            throw new InvalidDataException($"{path}: a string escapes half of a surrogate pair.", failure);
        }
    }

    private static StoreManifest Parse(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out JsonElement format)
            || format.ValueKind != JsonValueKind.String || format.GetString() != Format)
        {
            throw new InvalidDataException($"{path}: \"format\" must be \"{Format}\".");
        }
        int nodes = (int)Number("nodes", int.MaxValue - 1), edges = (int)Number("edges", int.MaxValue - 1);
        int features = (int)Number("features", 1 << 20), classes = (int)Number("classes", int.MaxValue);
        long memberships = Number("memberships", long.MaxValue / 64);
        Dictionary<string, (long, uint?)> files = [];
        if (!root.TryGetProperty("files", out JsonElement listed) || listed.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException($"{path}: \"files\" must be an object.");
        }
        bool namesAnother = false;
        foreach (JsonProperty named in listed.EnumerateObject())
        {
            if (!StoreFile.All.Any(file => file.FileName == named.Name))
            {
                namesAnother = true;
                continue;
            }
            long bytes = NumberOf(named.Value, "bytes", $"files/{named.Name}/bytes", long.MaxValue);
            files[named.Name] = (bytes, named.Value.TryGetProperty("crc32c", out JsonElement sum) ? Checksum(named.Name, sum) : null);
        }
        StoreManifest manifest = new(nodes, edges, memberships, features, classes) { Files = files };
        foreach ((StoreFile file, _) in manifest.Expected())
        {
            if (!files.ContainsKey(file.FileName))
            {
                throw new InvalidDataException($"{path}: \"files\" must name {file.FileName}.");
            }
        }
        return namesAnother
            ? throw new InvalidDataException($"{path}: \"files\" may name {string.Join(", ", StoreFile.All.Select(static file => file.FileName))}; it names another.")
            : manifest;

        long Number(string name, long most) => NumberOf(root, name, name, most);

        long NumberOf(JsonElement parent, string name, string place, long most) =>
            parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out long number) && number >= 0 && number <= most
                ? number
                : throw new InvalidDataException($"{path}: \"{place}\" must be a whole number from 0 to {most:N0}.");

        uint Checksum(string name, JsonElement sum) =>
            sum.ValueKind == JsonValueKind.String && uint.TryParse(sum.GetString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint value)
                ? value
                : throw new InvalidDataException($"{path}: \"files/{name}/crc32c\" must be a hexadecimal number of 32 bits.");
    }
}
