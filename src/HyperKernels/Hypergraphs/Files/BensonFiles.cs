using System.Globalization;

namespace HyperKernels.IO;

/// <summary>
/// Timed simplices in three files of one whole number a line: <c>NAME-nverts.txt</c>, the size of each; <c>NAME-simplices.txt</c>, the nodes of all of them one
/// after the other, ids from 1; <c>NAME-times.txt</c>, when each came. <c>NAME-node-labels.txt</c> and <c>NAME-simplex-labels.txt</c> (<c>id words</c>) name
/// nodes and simplices, where they are there.
/// </summary>
/// <remarks>Source: the collection of Benson and others, Simplicial Closure and Higher-Order Link Prediction, PNAS 2018. Streams; time is linear in the files.</remarks>
public static class BensonFiles
{
    private const string Format = "BensonFiles";
    private const string Sizes = "-nverts.txt";
    private const string Members = "-simplices.txt";
    private const string Times = "-times.txt";
    private const string NodeNames = "-node-labels.txt";
    private const string EdgeNames = "-simplex-labels.txt";

    /// <summary>Reads a collection; its times are left out where their file is missing.</summary>
    /// <param name="prefix">The files' common beginning, folder and name: <c>data/email-enron</c>.</param>
    /// <param name="nodes">The number of nodes; null means the largest id, or that of the names.</param>
    /// <exception cref="InvalidDataException">A line breaks a rule; the message names file, line and what was expected.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static HypergraphData Read(string prefix, int? nodes = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        string[]? names = ReadNames(prefix + NodeNames);
        GrowingArray<int> sizes = new();
        GrowingArray<int> members = new();
        long due = 0;
        using (TextLines lines = new(prefix + Sizes))
        {
            while (lines.Read(out ReadOnlySpan<byte> line))
            {
                int size = lines.Int(line.Trim(" \t"u8), 0, "the size of a simplex");
                due += size;
                sizes.Add(size);
            }
        }
        using TextLines ids = new(prefix + Members);
        IdNumbers numbers = new(ids, "node", areWords: false, firstId: 1, nodes ?? names?.Length);
        while (ids.Read(out ReadOnlySpan<byte> line))
        {
            members.Add(members.Count < due
                ? numbers.Of(line.Trim(" \t"u8))
                : throw ids.Fail($"the sizes add up to {BadFile.N(due)} nodes; more follow."));
        }
        if (members.Count != due)
        {
            throw BadFile.AtLine(ids.Path, ids.Number, $"the sizes add up to {BadFile.N(due)} nodes; the file has {BadFile.N(members.Count)}.");
        }
        int count = numbers.Count(members.Count);
        return new HypergraphData(count, sizes.Count, members.ToArray(), EdgesOf(sizes.ToArray(), (int)due))
        {
            EdgeTimes = ReadTimes(prefix + Times, sizes.Count),
            NodeNames = names is not null ? new ElementNames(names, null) : null,
            EdgeNames = ReadNames(prefix + EdgeNames) is { } simplices ? NamesOf(prefix + EdgeNames, simplices, sizes.Count) : null,
        };
    }

    /// <summary>Writes a collection; files of times and names where there are any.</summary>
    /// <param name="prefix">The files' common beginning, folder and name.</param>
    /// <param name="data">Structure, times and names.</param>
    /// <exception cref="ArgumentException">The data has more than the format holds, or a name that does not fit on a line.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string prefix, HypergraphData data)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        WriterChecks.Holds(Format, data, HypergraphParts.EdgeTimes | HypergraphParts.NodeNames | HypergraphParts.EdgeNames);
        (int[] offsets, int[] pairs) = EdgeLists.Of(data);
        WriteLines(prefix + Sizes, Enumerable.Range(0, data.EdgeCount).Select(edge => (long)offsets[edge + 1] - offsets[edge]));
        WriteLines(prefix + Members, pairs.Select(pair => data.Nodes[pair] + 1L));
        if (data.EdgeTimes is { } times)
        {
            WriteLines(prefix + Times, times);
        }
        WriteNames(prefix + NodeNames, data.NodeNames);
        WriteNames(prefix + EdgeNames, data.EdgeNames);
    }

    private static int[] EdgesOf(int[] sizes, int memberships)
    {
        int[] edges = new int[memberships];
        int next = 0;
        for (int edge = 0; edge < sizes.Length; edge++)
        {
            edges.AsSpan(next, sizes[edge]).Fill(edge);
            next += sizes[edge];
        }
        return edges;
    }

    private static long[]? ReadTimes(string path, int simplices)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        using TextLines lines = new(path);
        long[] times = new long[simplices];
        for (int i = 0; i < simplices; i++)
        {
            times[i] = lines.Long(lines.Expect($"a time for each of {simplices} simplices").Trim(" \t"u8), "the time of a simplex");
        }
        return lines.Read(out _) ? throw lines.Fail($"the file must end after a time for each of {simplices} simplices.") : times;
    }

    // Lines are "1 some words", ids in order.
    private static string[]? ReadNames(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        using TextLines lines = new(path);
        List<string> names = [];
        while (lines.Read(out ReadOnlySpan<byte> line))
        {
            int blank = line.IndexOfAny((byte)' ', (byte)'\t');
            int id = lines.Int(blank < 0 ? line : line[..blank], 1, "the id of a name");
            names.Add(id == names.Count + 1 && blank >= 0
                ? lines.Text(line[(blank + 1)..])
                : throw lines.Fail($"the line must be the id {names.Count + 1}, a blank and a name."));
        }
        return [.. names];
    }

    private static ElementNames NamesOf(string path, string[] names, int simplices) => names.Length == simplices
        ? new ElementNames(names, null)
        : throw BadFile.AtLine(path, names.Length, $"the file must name each of {simplices} simplices.");

    private static void WriteLines(string path, IEnumerable<long> numbers) => AtomicFile.Write(path, stream =>
    {
        using StreamWriter writer = new(stream, Utf8Text.Strict, 1 << 16, leaveOpen: true) { NewLine = "\n" };
        foreach (long number in numbers)
        {
            writer.WriteLine(number.ToString(CultureInfo.InvariantCulture));
        }
    });

    private static void WriteNames(string path, ElementNames? names)
    {
        if (names is null)
        {
            File.Delete(path);
            return;
        }
        string? broken = names.FirstOrDefault(static name => name.AsSpan().IndexOfAny("\r\n") >= 0);
        if (broken is not null)
        {
            throw new ArgumentException($"{Format}: names must fit on a line; {BadFile.Quote(broken)} does not.");
        }
        AtomicFile.Write(path, stream =>
        {
            using StreamWriter writer = new(stream, Utf8Text.Strict, 1 << 16, leaveOpen: true) { NewLine = "\n" };
            for (int i = 0; i < names.Count; i++)
            {
                writer.WriteLine(FormattableString.Invariant($"{i + 1} {names[i]}"));
            }
        });
    }
}
