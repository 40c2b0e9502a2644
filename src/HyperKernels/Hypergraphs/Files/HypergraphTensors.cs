using System.Text;

namespace HyperKernels.IO;

/// <summary>
/// Hypergraphs as safetensors: <c>node</c> and <c>edge</c>, the pairs, <c>counts</c>, the numbers of nodes and hyperedges, <c>labels</c> of nodes,
/// <c>features.indptr/indices/values/shape</c> as compressed rows, and under further names all else that <see cref="HypergraphData"/> holds.
/// </summary>
/// <remarks>
/// Other tensors of a file (splits of a data set) are passed; <see cref="SafetensorsFile"/> reads them. Text is UTF-8 bytes, with the end of each string.
/// </remarks>
public static class HypergraphTensors
{
    private const string Ends = ".ends";
    private const string Numbers = ".numbers";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file breaks a rule of safetensors, lacks pairs or counts, or a tensor has another shape or values out of range.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static HypergraphData Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        int[] counts = Ints(file, "counts", 2) ?? throw Missing(path, "counts");
        int[] nodes = Ints(file, "node", null) ?? throw Missing(path, "node");
        int[] edges = Ints(file, "edge", nodes.Length) ?? throw Missing(path, "edge");
        (int nodeCount, int edgeCount, int pairs) = (counts[0], counts[1], nodes.Length);
        try
        {
            return new HypergraphData(nodeCount, edgeCount, nodes, edges)
            {
                Kind = KindOf(file),
                NodeNames = Names(file, "node.names", nodeCount),
                EdgeNames = Names(file, "edge.names", edgeCount),
                NodeWeights = Floats(file, "node.weights", nodeCount),
                EdgeWeights = Floats(file, "edge.weights", edgeCount),
                MembershipWeights = Floats(file, "membership.weights", pairs),
                Roles = Roles(file, pairs),
                NodeLabels = Ints(file, "labels", nodeCount),
                NodeLabelNames = Strings(file, "label.names", null),
                EdgeLabels = Ints(file, "edge.labels", edgeCount),
                MembershipLabels = Ints(file, "membership.labels", pairs),
                EdgeTimes = Has(file, "edge.times", edgeCount) ? file.ReadInt64("edge.times") : null,
                NodeFeatures = Features(file, nodeCount),
                Metadata = file.Metadata.GetValueOrDefault("metadata"),
                NodeAttributes = Attributes(file, "node.attributes", nodeCount),
                EdgeAttributes = Attributes(file, "edge.attributes", edgeCount),
                MembershipAttributes = Attributes(file, "membership.attributes", pairs),
            };
        }
        catch (ArgumentException failure)
        {
            throw new InvalidDataException($"{path}: {OneLine.Of(failure.Message)}", failure);
        }
    }

    /// <summary>Writes a file. It holds everything that is not null; the same data gives the same bytes.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="data">What to write.</param>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, HypergraphData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        List<SafetensorsTensor> tensors = [];
        Add("node", data.Nodes.ToArray());
        Add("edge", data.Edges.ToArray());
        Add("counts", new[] { data.NodeCount, data.EdgeCount });
        Add("node.weights", data.NodeWeights);
        Add("edge.weights", data.EdgeWeights);
        Add("membership.weights", data.MembershipWeights);
        Add("roles", data.Roles is { } roles ? Array.ConvertAll(roles, static role => (byte)role) : null);
        Add("labels", data.NodeLabels);
        Add("edge.labels", data.EdgeLabels);
        Add("membership.labels", data.MembershipLabels);
        Add("edge.times", data.EdgeTimes);
        if (data.NodeFeatures is { } features)
        {
            Add("features.indptr", features.Offsets);
            Add("features.indices", features.Columns);
            Add("features.values", features.Values);
            Add("features.shape", new[] { features.Count, features.Width });
        }
        AddNames("node.names", data.NodeNames);
        AddNames("edge.names", data.EdgeNames);
        AddStrings("label.names", data.NodeLabelNames);
        AddStrings("node.attributes", data.NodeAttributes);
        AddStrings("edge.attributes", data.EdgeAttributes);
        AddStrings("membership.attributes", data.MembershipAttributes);
        Dictionary<string, string> metadata = new() { ["kind"] = data.Kind.Name() };
        if (data.Metadata is { } text)
        {
            metadata.Add("metadata", text);
        }
        Safetensors.Write(path, tensors, metadata);

        void Add<T>(string name, T[]? values)
            where T : unmanaged
        {
            if (values is not null)
            {
                tensors.Add(SafetensorsTensor.From(name, values, values.Length));
            }
        }

        void AddNames(string name, ElementNames? names)
        {
            AddStrings(name, names);
            Add(name + Numbers, names is null ? null : Enumerable.Range(0, names.Count).Select(names.IsNumber).ToArray());
        }

        void AddStrings(string name, IReadOnlyList<string?>? strings)
        {
            if (strings is null)
            {
                return;
            }
            using MemoryStream bytes = new();
            long[] ends = new long[strings.Count];
            for (int i = 0; i < ends.Length; i++)
            {
                bytes.Write(Utf8Text.Strict.GetBytes(strings[i] ?? ""));
                ends[i] = bytes.Length;
            }
            Add(name, bytes.ToArray());
            Add(name + Ends, ends);
        }
    }

    private static InvalidDataException Missing(string path, string name) =>
        new($"{path}: a hypergraph needs a tensor \"{name}\"; the file has none.");

    private static bool Has(SafetensorsFile file, string name, int? count)
    {
        if (!file.Entries.TryGetValue(name, out SafetensorsEntry? entry))
        {
            return false;
        }
        return entry.Shape.Length == 1 && entry.ElementCount <= Array.MaxLength && (count is null || entry.ElementCount == count)
            ? true
            : throw BadFile.At(
                file.Path, entry.ByteOffset, $"tensor {BadFile.Quote(name)} must be a vector{(count is null ? "" : $" of {BadFile.N(count.Value)}")}; it is {entry}.");
    }

    private static int[]? Ints(SafetensorsFile file, string name, int? count) => Has(file, name, count) ? file.ReadInt32(name) : null;

    private static float[]? Floats(SafetensorsFile file, string name, int count) => Has(file, name, count) ? file.ReadFloat32(name) : null;

    private static NetworkKind KindOf(SafetensorsFile file)
    {
        string text = file.Metadata.GetValueOrDefault("kind") ?? NetworkKind.Undirected.Name();
        return NetworkKinds.TryParse(text, out NetworkKind kind)
            ? kind
            : throw new InvalidDataException($"{file.Path}: the metadata's kind must be undirected, directed or asc; it is {BadFile.Quote(text)}.");
    }

    private static MembershipRole[]? Roles(SafetensorsFile file, int pairs)
    {
        int[]? roles = Ints(file, "roles", pairs);
        int bad = roles is null ? -1 : Array.FindIndex(roles, static role => role is < 0 or > (int)MembershipRole.Head);
        return bad < 0
            ? roles is null ? null : Array.ConvertAll(roles, static role => (MembershipRole)role)
            : throw new InvalidDataException($"{file.Path}: roles must be 0, 1 (tail) or 2 (head); number {bad} is {roles![bad]}.");
    }

    private static SparseRows? Features(SafetensorsFile file, int nodes)
    {
        if (Ints(file, "features.shape", 2) is not { } shape)
        {
            return null;
        }
        int[] offsets = Ints(file, "features.indptr", checked(nodes + 1)) ?? throw Missing(file.Path, "features.indptr");
        int[] columns = Ints(file, "features.indices", null) ?? throw Missing(file.Path, "features.indices");
        float[] values = Floats(file, "features.values", columns.Length) ?? throw Missing(file.Path, "features.values");
        SparseRows rows = new(shape[1], offsets, columns, values);
        string? fault = shape[0] != nodes || shape[1] < 0 ? $"shape must be [{nodes}, columns]; it is [{shape[0]}, {shape[1]}]" : rows.Fault();
        return fault is null ? rows : throw new InvalidDataException($"{file.Path}: features: {fault}.");
    }

    private static string?[]? Attributes(SafetensorsFile file, string name, int count)
    {
        string[]? texts = Strings(file, name, count);
        return texts is null ? null : Array.ConvertAll(texts, static text => text.Length == 0 ? null : text);
    }

    private static ElementNames? Names(SafetensorsFile file, string name, int count)
    {
        string[]? texts = Strings(file, name, count);
        int[]? numbers = Ints(file, name + Numbers, count);
        return texts is null ? null : new ElementNames(texts, numbers is null ? null : Array.ConvertAll(numbers, static flag => flag != 0));
    }

    private static string[]? Strings(SafetensorsFile file, string name, int? count)
    {
        if (!Has(file, name + Ends, count) || !Has(file, name, null))
        {
            return null;
        }
        long[] ends = file.ReadInt64(name + Ends);
        ReadOnlySpan<byte> bytes = file.Bytes(name);
        string[] texts = new string[ends.Length];
        long start = 0;
        for (int i = 0; i < ends.Length; i++)
        {
            if (ends[i] < start || ends[i] > bytes.Length)
            {
                throw new InvalidDataException($"{file.Path}: the ends of {name} must not fall and stay within {bytes.Length} bytes; number {i} is {ends[i]}.");
            }
            try
            {
                texts[i] = Utf8Text.Strict.GetString(bytes[(int)start..(int)ends[i]]);
            }
            catch (DecoderFallbackException failure)
            {
                throw new InvalidDataException($"{file.Path}: {name}, number {i}, is not valid UTF-8.", failure);
            }
            start = ends[i];
        }
        return texts;
    }
}
