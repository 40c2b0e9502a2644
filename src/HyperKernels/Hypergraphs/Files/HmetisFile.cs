using System.Globalization;

namespace HyperKernels.IO;

/// <summary>
/// hMETIS files of partitioners: a line with the numbers of hyperedges and nodes and a format (nothing, 1, 10 or 11); a line for each hyperedge, its weight first
/// where the format ends in 1, then ids of members from 1; a line with the weight of each node where the format begins with 1 of two digits. Lines that
/// begin with <c>%</c> are left out.
/// </summary>
/// <remarks>Source: Karypis, Kumar, hMETIS 1.5 manual, section 4.1. Weights need not be whole here. Streams; time is linear in the file.</remarks>
public static class HmetisFile
{
    private const string Format = "HmetisFile";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">A line breaks a rule; the message names file, line and what was expected.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static HypergraphData Read(string path)
    {
        using TextLines lines = new(path);
        LineFields header = new(Next(lines, "a line with the numbers of hyperedges and nodes"), lines);
        int edgeCount = lines.Int(header.Expect("the number of hyperedges"), 0, "the number of hyperedges");
        int nodeCount = lines.Int(header.Expect("the number of nodes"), 0, "the number of nodes");
        int format = header.Next(out ReadOnlySpan<byte> field) ? lines.Int(field, 0, "the format") : 0;
        header.ExpectEnd("the format");
        if (format is not (0 or 1 or 10 or 11))
        {
            throw lines.Fail($"the format must be 1, 10, 11 or nothing; it is {format}.");
        }
        IdNumbers ids = new(lines, "node", areWords: false, firstId: 1, nodeCount);
        GrowingArray<int> nodes = new();
        GrowingArray<int> edges = new();
        GrowingArray<float> edgeWeights = new();
        GrowingArray<float> nodeWeights = new();
        for (int edge = 0; edge < edgeCount; edge++)
        {
            LineFields fields = new(Next(lines, $"a line for each of {BadFile.N(edgeCount)} hyperedges"), lines);
            if (format is 1 or 11)
            {
                edgeWeights.Add(lines.Float(fields.Expect("the weight of the hyperedge"), "the weight of a hyperedge"));
            }
            while (fields.Next(out ReadOnlySpan<byte> member))
            {
                nodes.Add(ids.Of(member));
                edges.Add(edge);
            }
        }
        for (int node = 0; node < nodeCount && format >= 10; node++)
        {
            LineFields fields = new(Next(lines, $"a line with the weight of each of {BadFile.N(nodeCount)} nodes"), lines);
            nodeWeights.Add(lines.Float(fields.Expect("the weight of a node"), "the weight of a node"));
            fields.ExpectEnd("the weight of a node");
        }
        while (lines.Read(out ReadOnlySpan<byte> line))
        {
            if (!IsComment(line) && !TextLines.IsBlank(line))
            {
                throw lines.Fail("the file must end after what its first line promises.");
            }
        }
        if (nodeCount - (long)nodes.Count > IdNumbers.MostUnused && format < 10)
        {
            throw lines.Fail($"the file promises {BadFile.N(nodeCount)} nodes, with {BadFile.N(nodes.Count)} memberships in all.");
        }
        return new HypergraphData(nodeCount, edgeCount, nodes.ToArray(), edges.ToArray())
        {
            EdgeWeights = format is 1 or 11 ? edgeWeights.ToArray() : null,
            NodeWeights = format >= 10 ? nodeWeights.ToArray() : null,
        };
    }

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="data">Structure, weights of nodes and hyperedges.</param>
    /// <exception cref="ArgumentException">The data has more than the format holds.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, HypergraphData data)
    {
        WriterChecks.Holds(Format, data, HypergraphParts.EdgeWeights | HypergraphParts.NodeWeights);
        (int[] offsets, int[] pairs) = EdgeLists.Of(data);
        AtomicFile.Write(path, stream =>
        {
            using StreamWriter writer = new(stream, Utf8Text.Strict, 1 << 16, leaveOpen: true) { NewLine = "\n" };
            string format = (data.NodeWeights is not null, data.EdgeWeights is not null) switch
            {
                (true, true) => " 11",
                (true, false) => " 10",
                (false, true) => " 1",
                _ => "",
            };
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{data.EdgeCount} {data.NodeCount}{format}"));
            for (int edge = 0; edge < data.EdgeCount; edge++)
            {
                writer.Write(data.EdgeWeights is { } weights ? FormattableString.Invariant($"{weights[edge]:R} ") : "");
                writer.WriteLine(string.Join(' ', pairs[offsets[edge]..offsets[edge + 1]].Select(pair => data.Nodes[pair] + 1)));
            }
            foreach (float weight in data.NodeWeights ?? [])
            {
                writer.WriteLine(weight.ToString("R", CultureInfo.InvariantCulture));
            }
        });
    }

    private static bool IsComment(ReadOnlySpan<byte> line) => line is [(byte)'%', ..];

    private static ReadOnlySpan<byte> Next(TextLines lines, string what)
    {
        ReadOnlySpan<byte> line = lines.Expect(what);
        while (IsComment(line))
        {
            line = lines.Expect(what);
        }
        return line;
    }
}
