using System.Globalization;

namespace HyperKernels.IO;

/// <summary>
/// Labelled hypergraphs as Cornell's collection and the data of AllSet and ED-HNN have them, in one folder: <c>hyperedges-NAME.txt</c>, a hyperedge a line, ids
/// from 1 between commas; <c>node-labels-NAME.txt</c>, the class of each node, from 1; and, where it is there, <c>label-names-NAME.txt</c>.
/// </summary>
/// <remarks>Classes are counted from 0 in the result. Streams; time is linear in the files.</remarks>
public static class CornellFiles
{
    private const string Format = "CornellFiles";

    /// <summary>Reads a hypergraph.</summary>
    /// <param name="folder">Where the files lie.</param>
    /// <param name="name">NAME.</param>
    /// <exception cref="InvalidDataException">A line breaks a rule; the message names file, line and what was expected.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static HypergraphData Read(string folder, string name)
    {
        int[] labels = ReadLabels(PathOf(folder, "node-labels", name));
        HypergraphData data = HyperedgeListFile.Read(
            PathOf(folder, "hyperedges", name), new HyperedgeListOptions { FirstId = 1, Nodes = labels.Length });
        string names = PathOf(folder, "label-names", name);
        return data with { NodeLabels = labels, NodeLabelNames = File.Exists(names) ? ReadNames(names, labels) : null };
    }

    /// <summary>Writes a hypergraph.</summary>
    /// <param name="folder">Where the files go.</param>
    /// <param name="name">NAME.</param>
    /// <param name="data">Structure and the classes of nodes, with their names or without.</param>
    /// <exception cref="ArgumentException">Nodes have no classes, or the data has more than the format holds.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string folder, string name, HypergraphData data)
    {
        WriterChecks.Holds(Format, data, HypergraphParts.NodeLabels | HypergraphParts.NodeLabelNames);
        int[] labels = data.NodeLabels ?? throw new ArgumentException($"{Format}: every node must have a class; NodeLabels is null.");
        (int[] offsets, int[] pairs) = EdgeLists.Of(data);
        WriteLines(PathOf(folder, "hyperedges", name), Enumerable.Range(0, data.EdgeCount).Select(edge =>
            string.Join(',', pairs[offsets[edge]..offsets[edge + 1]].Select(pair => (data.Nodes[pair] + 1).ToString(CultureInfo.InvariantCulture)))));
        WriteLines(PathOf(folder, "node-labels", name), labels.Select(static label => (label + 1).ToString(CultureInfo.InvariantCulture)));
        if (data.NodeLabelNames is { } names)
        {
            WriteLines(PathOf(folder, "label-names", name), names);
        }
    }

    private static string PathOf(string folder, string part, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Path.Combine(folder, $"{part}-{name}.txt");
    }

    private static int[] ReadLabels(string path)
    {
        using TextLines lines = new(path);
        GrowingArray<int> labels = new();
        while (lines.Read(out ReadOnlySpan<byte> line))
        {
            labels.Add(lines.Int(line.Trim(" \t"u8), 1, "the class of a node") - 1);
        }
        return labels.ToArray();
    }

    private static List<string> ReadNames(string path, int[] labels)
    {
        using TextLines lines = new(path);
        List<string> names = [];
        while (lines.Read(out ReadOnlySpan<byte> line))
        {
            names.Add(lines.Text(line));
        }
        int classes = labels.Length == 0 ? 0 : labels.Max() + 1;
        return names.Count >= classes ? names : throw BadFile.AtLine(path, names.Count, $"the file must name each of {classes} classes.");
    }

    private static void WriteLines(string path, IEnumerable<string> texts) => AtomicFile.Write(path, stream =>
    {
        using StreamWriter writer = new(stream, Utf8Text.Strict, 1 << 16, leaveOpen: true) { NewLine = "\n" };
        foreach (string text in texts)
        {
            writer.WriteLine(text);
        }
    });
}
