using System.Runtime.InteropServices;

namespace HyperKernels.Distributed;

/// <summary>
/// Turns memberships that come hyperedge by hyperedge into rows of nodes, outside of memory: each goes to a file of its range of nodes, and each such file is sorted
/// by counting, as much of it at a time as may be in memory.
/// </summary>
internal sealed class MembershipTranspose : IDisposable
{
    /// <summary>What a membership takes in the arrays of a sorted piece.</summary>
    private const int SortedBytes = sizeof(int) + sizeof(long);

    private const int ReadRecords = 1 << 15;

    private readonly string[] _paths;
    private readonly FileStream[] _ranges;
    private readonly int _nodes;
    private readonly int _nodesPerRange;
    private readonly long _most;

    /// <param name="folder">Where the temporary files go.</param>
    /// <param name="nodes">How many nodes there are.</param>
    /// <param name="ranges">How many files.</param>
    /// <param name="workingBytes">How much memory may be used for them all, and for sorting one.</param>
    public MembershipTranspose(string folder, int nodes, int ranges, long workingBytes)
    {
        _nodes = nodes;
        _nodesPerRange = Math.Max(1, (int)(((long)nodes + ranges - 1) / ranges));
        _most = Math.Max(1, workingBytes / SortedBytes);
        int buffer = (int)Math.Clamp(workingBytes / ranges, 1 << 12, 1 << 18);
        _paths = [.. Enumerable.Range(0, ranges).Select(range => Path.Combine(folder, $"range-{range}.tmp"))];
        _ranges = Array.ConvertAll(_paths, path => new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, buffer));
    }

    public void Add(int node, int edge, long membership)
    {
        Record record = new(node, edge, membership);
        _ranges[node / _nodesPerRange].Write(MemoryMarshal.AsBytes(new ReadOnlySpan<Record>(in record)));
    }

    /// <summary>Writes the rows: offsets of N + 1 numbers, the hyperedge and the number of each membership. Temporary files are gone then.</summary>
    public void Write(TensorFileWriter offsets, TensorFileWriter edges, TensorFileWriter memberships)
    {
        long written = 0;
        offsets.Write<long>([0]);
        for (int range = 0; range < _ranges.Length; range++)
        {
            int first = (int)Math.Min(_nodes, (long)range * _nodesPerRange);
            int end = (int)Math.Min(_nodes, (long)first + _nodesPerRange);
            int[] counts = Count(range, first, end - first);
            long[] ends = new long[counts.Length];
            for (int node = 0; node < ends.Length; node++)
            {
                ends[node] = written += counts[node];
            }
            offsets.Write<long>(ends);
            for (int start = 0; start < counts.Length;)
            {
                int next = start;
                long records = 0;
                while (next < counts.Length && (next == start || records + counts[next] <= _most))
                {
                    records += counts[next++];
                }
                Sort(range, first + start, counts.AsSpan(start, next - start), records, edges, memberships);
                start = next;
            }
            _ranges[range].Dispose();
            File.Delete(_paths[range]);
        }
    }

    public void Dispose()
    {
        for (int range = 0; range < _ranges.Length; range++)
        {
            _ranges[range].Dispose();
            File.Delete(_paths[range]);
        }
    }

    private int[] Count(int range, int first, int nodes)
    {
        int[] counts = new int[nodes];
        foreach (Record[] records in Records(range))
        {
            foreach (ref readonly Record record in records.AsSpan())
            {
                counts[record.Node - first] = checked(counts[record.Node - first] + 1);
            }
        }
        return counts;
    }

    // Stable: the memberships of a node keep the order in which they came.
    private void Sort(int range, int first, ReadOnlySpan<int> counts, long count, TensorFileWriter edges, TensorFileWriter memberships)
    {
        if (count == 0)
        {
            return;
        }
        int[] places = new int[counts.Length];
        int place = 0;
        for (int node = 0; node < places.Length; node++)
        {
            places[node] = place;
            place = checked(place + counts[node]);
        }
        int[] sortedEdges = new int[count];
        long[] sortedMemberships = new long[count];
        foreach (Record[] records in Records(range))
        {
            foreach (ref readonly Record record in records.AsSpan())
            {
                int node = record.Node - first;
                if ((uint)node < (uint)places.Length)
                {
                    int at = places[node]++;
                    (sortedEdges[at], sortedMemberships[at]) = (record.Edge, record.Membership);
                }
            }
        }
        edges.Write<int>(sortedEdges);
        memberships.Write<long>(sortedMemberships);
    }

    private IEnumerable<Record[]> Records(int range)
    {
        FileStream stream = _ranges[range];
        stream.Flush();
        stream.Position = 0;
        Record[] buffer = new Record[ReadRecords];
        while (true)
        {
            int bytes = stream.ReadAtLeast(MemoryMarshal.AsBytes(buffer.AsSpan()), buffer.Length * 16, throwOnEndOfStream: false);
            int records = bytes / 16;
            if (records == 0)
            {
                yield break;
            }
            yield return records == buffer.Length ? buffer : buffer[..records];
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Record(int Node, int Edge, long Membership);
}
