using System.Globalization;

namespace HyperKernels.IO;

/// <summary>
/// Hyperedges as text, one a line: ids of members between blanks, tabs or commas. An empty line is a hyperedge without members; lines that begin with
/// <c>#</c> are left out.
/// </summary>
/// <remarks>Streams: memory is that of the result. Takes time linear in the file.</remarks>
public static class HyperedgeListFile
{
    private const string Format = "HyperedgeListFile";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How nodes are named; null means <see cref="HyperedgeListOptions.Default"/>.</param>
    /// <exception cref="InvalidDataException">A line breaks a rule; the message names file, line and what was expected.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static HypergraphData Read(string path, HyperedgeListOptions? options = null)
    {
        options ??= HyperedgeListOptions.Default;
        options.Check(Format);
        using TextLines lines = new(path);
        IdNumbers ids = new(lines, "node", options.Names, options.FirstId, options.Nodes);
        GrowingArray<int> nodes = new();
        GrowingArray<int> edges = new();
        int edge = 0;
        while (lines.Read(out ReadOnlySpan<byte> line))
        {
            if (line is [(byte)'#', ..])
            {
                continue;
            }
            LineFields fields = new(line, lines);
            while (fields.Next(out ReadOnlySpan<byte> field))
            {
                nodes.Add(ids.Of(field));
                edges.Add(edge);
            }
            edge = checked(edge + 1);
        }
        int count = ids.Count(nodes.Count);
        HypergraphData data = new(count, edge, nodes.ToArray(), edges.ToArray()) { NodeNames = ids.Names(count) };
        return options.MembershipLabelsPath is { } labels ? data with { MembershipLabels = ReadLabels(labels, data) } : data;
    }

    /// <summary>Reads whole numbers, one a line, such as the lines of hyperedges that are for tests.</summary>
    /// <param name="path">The file.</param>
    /// <param name="below">Numbers are from 0 to below this.</param>
    /// <exception cref="InvalidDataException">A line breaks a rule; the message names file, line and what was expected.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static int[] ReadNumbers(string path, int below)
    {
        using TextLines lines = new(path);
        GrowingArray<int> numbers = new();
        while (lines.Read(out ReadOnlySpan<byte> line))
        {
            int number = lines.Int(line.Trim(" \t"u8), 0, "the line");
            numbers.Add(number < below ? number : throw lines.Fail($"numbers must be below {below}; there is {number}."));
        }
        return numbers.ToArray();
    }

    /// <summary>Writes a file, hyperedge by hyperedge, members in the order of the pairs; names where there are any, else numbers from 0.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="data">Structure alone, with names of nodes or without.</param>
    /// <exception cref="ArgumentException">The data has more than the format holds, or a name that would be read as several or as a comment.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, HypergraphData data)
    {
        WriterChecks.Holds(Format, data, HypergraphParts.NodeNames);
        WriterChecks.Words(Format, data.NodeNames);
        (int[] offsets, int[] pairs) = EdgeLists.Of(data);
        AtomicFile.Write(path, stream =>
        {
            using StreamWriter writer = new(stream, Utf8Text.Strict, 1 << 16, leaveOpen: true) { NewLine = "\n" };
            for (int edge = 0; edge < data.EdgeCount; edge++)
            {
                for (int i = offsets[edge]; i < offsets[edge + 1]; i++)
                {
                    int node = data.Nodes[pairs[i]];
                    writer.Write(i > offsets[edge] ? " " : "");
                    writer.Write(data.NodeNames?[node] ?? node.ToString(CultureInfo.InvariantCulture));
                }
                writer.WriteLine();
            }
        });
    }

    private static int[] ReadLabels(string path, HypergraphData data)
    {
        using TextLines lines = new(path);
        int[] labels = new int[data.MembershipCount];
        int pair = 0;
        for (int edge = 0; edge < data.EdgeCount; edge++)
        {
            LineFields fields = new(lines.Expect($"a line for each of {data.EdgeCount} hyperedges"), lines);
            for (; pair < labels.Length && data.Edges[pair] == edge; pair++)
            {
                labels[pair] = lines.Int(fields.Expect("a label for each member of the hyperedge"), 0, "a label");
            }
            fields.ExpectEnd("a label for each member of the hyperedge");
        }
        return lines.Read(out _) ? throw lines.Fail($"the file must end after a line for each of {data.EdgeCount} hyperedges.") : labels;
    }
}
