using System.Text.Encodings.Web;
using System.Text.Json;

namespace HyperKernels.IO;

/// <summary>
/// The Hypergraph Interchange Format, JSON that XGI, HyperNetX, HypergraphX and others exchange: <c>incidences</c> (node, edge, weight, direction, attrs), <c>nodes</c>
/// and <c>edges</c> with weights and attributes, <c>network-type</c> and <c>metadata</c>. What the standard does not know is refused, as by its schema.
/// </summary>
/// <remarks>
/// Nodes and hyperedges are numbered as the file first names them, in whichever list. A record that names one again adds to what is known of it; incidences
/// that stand twice stay two. Reading keeps attributes and metadata as JSON text. Weights that a file gives only some of are 1 for the others. Source:
/// HIF-standard, schema of version 0.1, <c>pszufe/HIF-standard</c>.
/// </remarks>
public static class HifFile
{
    private const string Format = "HifFile";

    private static readonly JsonWriterOptions s_writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file breaks a rule of JSON or of the standard; the message names file, line, column and rule.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static HypergraphData Read(string path) => HifReader.Read(path);

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="data">Structure, names, weights, roles, attributes and metadata; numbers from 0 stand for what has no name.</param>
    /// <exception cref="ArgumentException">The data has more than the format holds, or attributes are no JSON objects.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, HypergraphData data)
    {
        WriterChecks.Holds(
            Format, data,
            HypergraphParts.Kind | HypergraphParts.NodeNames | HypergraphParts.EdgeNames | HypergraphParts.NodeWeights | HypergraphParts.EdgeWeights
            | HypergraphParts.MembershipWeights | HypergraphParts.Roles | HypergraphParts.Metadata | HypergraphParts.NodeAttributes
            | HypergraphParts.EdgeAttributes | HypergraphParts.MembershipAttributes);
        WriterChecks.Different(Format, data.NodeNames);
        WriterChecks.Different(Format, data.EdgeNames);
        AtomicFile.Write(path, stream =>
        {
            using Utf8JsonWriter json = new(stream, s_writing);
            json.WriteStartObject();
            json.WriteString("network-type", data.Kind.Name());
            WriteObject(json, "metadata", data.Metadata);
            WriteElements(json, "nodes", "node", data.NodeCount, data.NodeNames, data.NodeWeights, data.NodeAttributes);
            WriteElements(json, "edges", "edge", data.EdgeCount, data.EdgeNames, data.EdgeWeights, data.EdgeAttributes);
            WriteIncidences(json, data);
            json.WriteEndObject();
        });
    }

    private static void WriteElements(
        Utf8JsonWriter json, string list, string kind, int count, ElementNames? names, float[]? weights, string?[]? attributes)
    {
        json.WriteStartArray(list);
        for (int i = 0; i < count; i++)
        {
            json.WriteStartObject();
            WriteName(json, kind, i, names);
            WriteWeight(json, weights, i);
            WriteObject(json, "attrs", attributes?[i]);
            json.WriteEndObject();
            FlushSome(json);
        }
        json.WriteEndArray();
    }

    private static void WriteIncidences(Utf8JsonWriter json, HypergraphData data)
    {
        json.WriteStartArray("incidences");
        for (int pair = 0; pair < data.MembershipCount; pair++)
        {
            json.WriteStartObject();
            WriteName(json, "edge", data.Edges[pair], data.EdgeNames);
            WriteName(json, "node", data.Nodes[pair], data.NodeNames);
            WriteWeight(json, data.MembershipWeights, pair);
            if (data.Roles is { } roles && roles[pair] != MembershipRole.None)
            {
                json.WriteString("direction", roles[pair] == MembershipRole.Head ? "head" : "tail");
            }
            WriteObject(json, "attrs", data.MembershipAttributes?[pair]);
            json.WriteEndObject();
            FlushSome(json);
        }
        json.WriteEndArray();
    }

    private static void WriteName(Utf8JsonWriter json, string kind, int index, ElementNames? names)
    {
        if (names is null)
        {
            json.WriteNumber(kind, index);
        }
        else if (names.IsNumber(index))
        {
            json.WritePropertyName(kind);
            json.WriteRawValue(names[index]);
        }
        else
        {
            json.WriteString(kind, names[index]);
        }
    }

    private static void WriteWeight(Utf8JsonWriter json, float[]? weights, int index)
    {
        if (weights is null)
        {
            return;
        }
        if (!float.IsFinite(weights[index]))
        {
            throw new ArgumentException($"{Format}: weights must be finite, JSON knows no other; weight {index} is {weights[index]}.");
        }
        json.WriteNumber("weight", weights[index]);
    }

    private static void WriteObject(Utf8JsonWriter json, string name, string? text)
    {
        if (text is null)
        {
            return;
        }
        JsonObjects.Check(Format, name, text);
        json.WritePropertyName(name);
        json.WriteRawValue(text);
    }

    // The writer keeps what it wrote until it is told to let go.
    private static void FlushSome(Utf8JsonWriter json)
    {
        if (json.BytesPending > 1 << 16)
        {
            json.Flush();
        }
    }
}
