using System.Globalization;

namespace HyperKernels.IO;

/// <summary>
/// Memberships as text, one a line: node, hyperedge and, where there are any, weight and label, between commas, blanks or tabs. A first line of column names
/// (<c>node,edge,weight,label</c>, in any order) is recognised; without it the columns are node, hyperedge and weight. Lines that begin with <c>#</c> are left out.
/// </summary>
/// <remarks>Streams: memory is that of the result. Takes time linear in the file.</remarks>
public static class PairsFile
{
    private const string Format = "PairsFile";

    private enum Column
    {
        Node,
        Edge,
        Weight,
        Label,
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How nodes and hyperedges are named; null means <see cref="HyperedgeListOptions.Default"/>.</param>
    /// <exception cref="InvalidDataException">A line breaks a rule; the message names file, line and what was expected.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static HypergraphData Read(string path, HyperedgeListOptions? options = null)
    {
        options ??= HyperedgeListOptions.Default;
        options.Check(Format);
        if (options.MembershipLabelsPath is not null)
        {
            throw new ArgumentException($"{Format}: labels of memberships stand in the column \"label\", not in a file of their own.");
        }
        using TextLines lines = new(path);
        IdNumbers nodes = new(lines, "node", options.Names, options.FirstId, options.Nodes);
        IdNumbers edges = new(lines, "hyperedge", options.Names, options.FirstId, options.Edges);
        GrowingArray<int> nodeIds = new();
        GrowingArray<int> edgeIds = new();
        GrowingArray<float> weights = new();
        GrowingArray<int> labels = new();
        Column[]? columns = null;
        while (lines.Read(out ReadOnlySpan<byte> line))
        {
            if (line is [(byte)'#', ..])
            {
                continue;
            }
            if (columns is null)
            {
                columns = Header(line, lines);
                if (columns is not null)
                {
                    continue;
                }
                columns = CountOf(line, lines) > 2 ? [Column.Node, Column.Edge, Column.Weight] : [Column.Node, Column.Edge];
            }
            LineFields fields = new(line, lines);
            foreach (Column column in columns)
            {
                ReadOnlySpan<byte> field = fields.Expect(NameOf(column));
                switch (column)
                {
                    case Column.Node: nodeIds.Add(nodes.Of(field)); break;
                    case Column.Edge: edgeIds.Add(edges.Of(field)); break;
                    case Column.Weight: weights.Add(lines.Float(field, "a weight")); break;
                    default: labels.Add(lines.Int(field, 0, "a label")); break;
                }
            }
            fields.ExpectEnd(NameOf(columns[^1]));
        }
        (int nodeCount, int edgeCount) = (nodes.Count(nodeIds.Count), edges.Count(edgeIds.Count));
        return new HypergraphData(nodeCount, edgeCount, nodeIds.ToArray(), edgeIds.ToArray())
        {
            NodeNames = nodes.Names(nodeCount),
            EdgeNames = edges.Names(edgeCount),
            MembershipWeights = columns?.Contains(Column.Weight) ?? false ? weights.ToArray() : null,
            MembershipLabels = columns?.Contains(Column.Label) ?? false ? labels.ToArray() : null,
        };
    }

    /// <summary>Writes a file with a line of column names, the pairs in their order; names where there are any, else numbers from 0.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="data">
    /// Structure, names, weights and labels of memberships. Nodes and hyperedges after the last that has memberships are lost, unless the reader is told how many there are.
    /// </param>
    /// <exception cref="ArgumentException">The data has more than the format holds, or a name that would be read as several or as a comment.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, HypergraphData data)
    {
        WriterChecks.Holds(
            Format, data, HypergraphParts.NodeNames | HypergraphParts.EdgeNames | HypergraphParts.MembershipWeights | HypergraphParts.MembershipLabels);
        WriterChecks.Words(Format, data.NodeNames);
        WriterChecks.Words(Format, data.EdgeNames);
        AtomicFile.Write(path, stream =>
        {
            using StreamWriter writer = new(stream, Utf8Text.Strict, 1 << 16, leaveOpen: true) { NewLine = "\n" };
            writer.WriteLine($"node,edge{(data.MembershipWeights is null ? "" : ",weight")}{(data.MembershipLabels is null ? "" : ",label")}");
            for (int pair = 0; pair < data.MembershipCount; pair++)
            {
                (int node, int edge) = (data.Nodes[pair], data.Edges[pair]);
                writer.Write(data.NodeNames?[node] ?? node.ToString(CultureInfo.InvariantCulture));
                writer.Write(',');
                writer.Write(data.EdgeNames?[edge] ?? edge.ToString(CultureInfo.InvariantCulture));
                writer.Write(data.MembershipWeights is { } weights ? FormattableString.Invariant($",{weights[pair]:R}") : "");
                writer.WriteLine(data.MembershipLabels is { } labels ? FormattableString.Invariant($",{labels[pair]}") : "");
            }
        });
    }

    private static string NameOf(Column column) => column switch
    {
        Column.Node => "a node",
        Column.Edge => "a hyperedge",
        Column.Weight => "a weight",
        _ => "a label",
    };

    // A line of names is one that names the column of nodes.
    private static Column[]? Header(ReadOnlySpan<byte> line, TextLines lines)
    {
        List<string> names = [];
        LineFields fields = new(line, lines);
        while (fields.Next(out ReadOnlySpan<byte> field))
        {
            names.Add(lines.Text(field).ToLowerInvariant());
        }
        if (!names.Contains("node"))
        {
            return null;
        }
        Column[] columns = [.. names.Select(name => name switch
        {
            "node" => Column.Node,
            "edge" or "hyperedge" => Column.Edge,
            "weight" => Column.Weight,
            "label" => Column.Label,
            _ => throw lines.Fail($"columns must be among node, edge, weight and label; there is {BadFile.Quote(name)}."),
        })];
        return columns.Contains(Column.Edge) && columns.Distinct().Count() == columns.Length
            ? columns
            : throw lines.Fail("the columns must hold node and edge, each once.");
    }

    private static int CountOf(ReadOnlySpan<byte> line, TextLines lines)
    {
        int count = 0;
        LineFields fields = new(line, lines);
        while (fields.Next(out _))
        {
            count++;
        }
        return count;
    }
}
