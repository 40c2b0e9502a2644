using System.Globalization;

namespace HyperKernels.IO;

/// <summary>
/// Part files of partitioners (hMETIS, KaHyPar, Mt-KaHyPar): a line for each node with the number of its part, from 0. Their names usually end in
/// <c>.part.K</c> or <c>.KaHyPar</c>.
/// </summary>
/// <remarks>Source: Karypis, Kumar, hMETIS 1.5 manual, section 4.2. Streams; time is linear in the file.</remarks>
public static class PartitionFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="nodes">How many nodes there must be.</param>
    /// <returns>The part of each node.</returns>
    /// <exception cref="InvalidDataException">A line breaks a rule, or there is not one for each node; the message names file and line.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static int[] Read(string path, int nodes)
    {
        using TextLines lines = new(path);
        int[] parts = new int[nodes];
        for (int node = 0; node < nodes; node++)
        {
            LineFields fields = new(lines.Expect($"a line for each of {BadFile.N(nodes)} nodes"), lines);
            parts[node] = lines.Int(fields.Expect("the part of a node"), 0, "the part of a node");
            fields.ExpectEnd("the part of a node");
        }
        while (lines.Read(out ReadOnlySpan<byte> line))
        {
            if (!TextLines.IsBlank(line))
            {
                throw lines.Fail($"the file must end after a line for each of {BadFile.N(nodes)} nodes.");
            }
        }
        return parts;
    }

    /// <summary>Writes a file; it is replaced whole or not at all.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="parts">The part of each node, from 0.</param>
    /// <exception cref="ArgumentException">A part is negative.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, ReadOnlySpan<int> parts)
    {
        int[] copied = parts.ToArray();
        int bad = Array.FindIndex(copied, static part => part < 0);
        if (bad >= 0)
        {
            throw new ArgumentException($"PartitionFile: parts must not be negative; that of node {bad} is {copied[bad]}.", nameof(parts));
        }
        AtomicFile.Write(path, stream =>
        {
            using StreamWriter writer = new(stream, Utf8Text.Strict, 1 << 16, leaveOpen: true) { NewLine = "\n" };
            foreach (int part in copied)
            {
                writer.WriteLine(part.ToString(CultureInfo.InvariantCulture));
            }
        });
    }
}
