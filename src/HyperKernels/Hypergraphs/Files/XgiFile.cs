using System.Text.Encodings.Web;
using System.Text.Json;

namespace HyperKernels.IO;

/// <summary>
/// The JSON of XGI and its older data: <c>edge-dict</c> with the members of each hyperedge, <c>node-data</c> and <c>edge-data</c> with their attributes,
/// <c>hypergraph-data</c> with those of the whole. All names are strings.
/// </summary>
/// <remarks>
/// Nodes are numbered as <c>node-data</c> lists them, then those that only hyperedges name; hyperedges as <c>edge-dict</c> lists them. Other fields of the file are passed.
/// Hyperedges with a tail and a head are refused: the Hypergraph Interchange Format holds them (<see cref="HifFile"/>).
/// </remarks>
public static class XgiFile
{
    private const string Format = "XgiFile";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file breaks a rule; the message names file, line, column and rule.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static HypergraphData Read(string path)
    {
        JsonFileReader json = JsonFileReader.Open(path);
        NameTable nodes = new();
        NameTable edges = new();
        List<(string Name, string Attributes)> nodeData = [];
        List<(string Name, string Attributes)> edgeData = [];
        List<(int Edge, string Node)> pairs = [];
        HashSet<string> seen = [];
        string? metadata = null;
        while (json.NextProperty(out string name))
        {
            if (!seen.Add(name))
            {
                throw json.Fail($"{BadFile.Quote(name)} stands twice.");
            }
            switch (name)
            {
                case "hypergraph-data": metadata = json.Object("hypergraph-data"); break;
                case "node-data": ReadAttributes(ref json, "node-data", nodeData); break;
                case "edge-data": ReadAttributes(ref json, "edge-data", edgeData); break;
                case "edge-dict": ReadEdges(ref json, edges, pairs); break;
                default: json.Skip(); break;
            }
        }
        if (!seen.Contains("edge-dict"))
        {
            throw json.Fail("\"edge-dict\" is missing.");
        }
        SparseList<string?> nodeAttributes = Numbered(nodeData, nodes, ref json, isComplete: false);
        SparseList<string?> edgeAttributes = Numbered(edgeData, edges, ref json, isComplete: true);
        json.ExpectEnd();
        int[] nodeIds = [.. pairs.Select(pair => nodes.Add(pair.Node))];
        return new HypergraphData(nodes.Count, edges.Count, nodeIds, [.. pairs.Select(static pair => pair.Edge)])
        {
            NodeNames = nodes.ToNames(),
            EdgeNames = edges.ToNames(),
            Metadata = metadata,
            NodeAttributes = nodeAttributes.ToArray(nodes.Count, null),
            EdgeAttributes = edgeAttributes.ToArray(edges.Count, null),
        };
    }

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="data">Structure, names, attributes and metadata; numbers from 0 stand for what has no name.</param>
    /// <exception cref="ArgumentException">The data has more than the format holds, attributes are no JSON objects, or a number and a word are the same name.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, HypergraphData data)
    {
        WriterChecks.Holds(
            Format, data,
            HypergraphParts.NodeNames | HypergraphParts.EdgeNames | HypergraphParts.Metadata | HypergraphParts.NodeAttributes | HypergraphParts.EdgeAttributes);
        string[] nodes = Names(data.NodeNames, data.NodeCount);
        string[] edges = Names(data.EdgeNames, data.EdgeCount);
        (int[] offsets, int[] pairs) = EdgeLists.Of(data);
        AtomicFile.Write(path, stream =>
        {
            using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
            json.WriteStartObject();
            WriteObject(json, "hypergraph-data", data.Metadata ?? "{}");
            WriteAttributes(json, "node-data", nodes, data.NodeAttributes);
            WriteAttributes(json, "edge-data", edges, data.EdgeAttributes);
            json.WriteStartObject("edge-dict");
            for (int edge = 0; edge < edges.Length; edge++)
            {
                json.WriteStartArray(edges[edge]);
                foreach (int pair in pairs.AsSpan(offsets[edge]..offsets[edge + 1]))
                {
                    json.WriteStringValue(nodes[data.Nodes[pair]]);
                }
                json.WriteEndArray();
            }
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private static void ReadAttributes(ref JsonFileReader json, string list, List<(string Name, string Attributes)> attributes)
    {
        json.ExpectObject(list);
        while (json.NextProperty(out string name))
        {
            attributes.Add((name, json.Object($"{list}: {BadFile.Quote(name)}")));
        }
    }

    private static void ReadEdges(ref JsonFileReader json, NameTable edges, List<(int Edge, string Node)> pairs)
    {
        json.ExpectObject("edge-dict");
        while (json.NextProperty(out string name))
        {
            string what = $"edge-dict: {BadFile.Quote(name)}";
            int edge = edges.Count;
            if (edges.Add(name) != edge)
            {
                throw json.Fail($"{what} stands twice.");
            }
            json.ExpectArray($"{what}, the members of a hyperedge,");
            while (json.NextItem())
            {
                pairs.Add((edge, json.Name($"{what}: a member").Text));
            }
        }
    }

    private static SparseList<string?> Numbered(List<(string Name, string Attributes)> data, NameTable names, ref JsonFileReader json, bool isComplete)
    {
        SparseList<string?> attributes = new();
        foreach ((string name, string text) in data)
        {
            int count = names.Count;
            int place = names.Add(name);
            if (isComplete && place == count)
            {
                throw json.Fail($"edge-data: {BadFile.Quote(name)} is no hyperedge of edge-dict.");
            }
            attributes.Set(place, text, text.AsSpan(1, text.Length - 2).IndexOfAnyExcept(" \t\r\n") >= 0);
        }
        return attributes;
    }

    private static string[] Names(ElementNames? names, int count)
    {
        string[] texts = names is null
            ? [.. Enumerable.Range(0, count).Select(static id => id.ToString(System.Globalization.CultureInfo.InvariantCulture))]
            : [.. names];
        HashSet<string> seen = [];
        string? twice = texts.FirstOrDefault(text => !seen.Add(text));
        return twice is null ? texts : throw new ArgumentException($"{Format}: all names are strings; {BadFile.Quote(twice)} would stand twice.");
    }

    private static void WriteAttributes(Utf8JsonWriter json, string list, string[] names, string?[]? attributes)
    {
        json.WriteStartObject(list);
        for (int i = 0; i < names.Length; i++)
        {
            WriteObject(json, names[i], attributes?[i] ?? "{}");
        }
        json.WriteEndObject();
    }

    private static void WriteObject(Utf8JsonWriter json, string name, string text)
    {
        JsonObjects.Check(Format, name, text);
        json.WritePropertyName(name);
        json.WriteRawValue(text);
    }
}
