namespace HyperKernels.Distributed;

/// <summary>Reads the files of a stored hypergraph from beginning to end and says what is wrong with them.</summary>
internal sealed class StoreCheck(StoreManifest manifest, IProgress<double>? progress, CancellationToken cancel)
{
    private const int ReadBytes = 1 << 20;

    private readonly double _all = manifest.Files.Values.Sum(static file => (double)file.Bytes) * 2;
    private double _done;

    public void Offsets(MappedTensor<long> offsets)
    {
        long before = 0;
        foreach ((long start, int count) in Windows(offsets, sizeof(long)))
        {
            ReadOnlySpan<long> window = offsets.Slice(start, count);
            for (int i = 0; i < count; i++)
            {
                if (window[i] < before)
                {
                    throw offsets.Fail(start + i, $"offsets must ascend; {window[i]:N0} follows {before:N0}.");
                }
                before = window[i];
            }
        }
    }

    public void Ids(MappedTensor<int> ids, int least, int bound)
    {
        foreach ((long start, int count) in Windows(ids, sizeof(int)))
        {
            int bad = count == 0 ? -1 : ids.Slice(start, count).IndexOfAnyExceptInRange(least, bound - 1);
            if (bad >= 0)
            {
                throw ids.Fail(start + bad, $"ids must be from {least} to below {bound:N0}; got {ids.Slice(start + bad, 1)[0]}.");
            }
        }
    }

    /// <summary>Every membership of a node must be one of its hyperedge's, with that node.</summary>
    public void Directions(
        MappedTensor<int> edgeNodes, MappedTensor<long> edgeOffsets, MappedTensor<long> nodeOffsets, MappedTensor<int> nodeEdges, MappedTensor<long> nodeMemberships)
    {
        int node = 0;
        long end = nodeOffsets.Length > 1 ? nodeOffsets.Slice(1, 1)[0] : 0, before = -1;
        foreach ((long start, int count) in Windows(nodeMemberships, sizeof(long)))
        {
            ReadOnlySpan<long> memberships = nodeMemberships.Slice(start, count);
            ReadOnlySpan<int> edges = nodeEdges.Slice(start, count);
            for (int i = 0; i < count; i++)
            {
                while (start + i >= end)
                {
                    end = nodeOffsets.Slice(++node + 1, 1)[0];
                    before = -1;
                }
                long membership = memberships[i];
                // Ascending in a row, and each one with its own node: so every membership is met once.
                if (membership <= before || membership >= edgeNodes.Length || edgeNodes.Slice(membership, 1)[0] != node || !IsOf(edges[i], membership))
                {
                    throw nodeMemberships.Fail(
                        start + i, $"the memberships of node {node} must ascend and be those of its hyperedges; {membership:N0} of hyperedge {edges[i]} is not.");
                }
                before = membership;
            }
        }

        bool IsOf(int edge, long membership)
        {
            ReadOnlySpan<long> ends = edgeOffsets.Slice(edge, 2);
            return ends[0] <= membership && membership < ends[1];
        }
    }

    public void Checksum(string path, uint? expected)
    {
        if (expected is not { } wanted)
        {
            return;
        }
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        stream.Position = TensorFileWriter.HeaderBytes;
        byte[] buffer = new byte[ReadBytes];
        uint sum = 0;
        int read;
        while ((read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0)
        {
            sum = Crc32C.Append(sum, buffer.AsSpan(0, read));
            Step(read);
        }
        if (sum != wanted)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"{path}: byte {TensorFileWriter.HeaderBytes:N0}: the data have the checksum {sum:x8}; the manifest says {wanted:x8}. The file was damaged."));
        }
    }

    private IEnumerable<(long Start, int Count)> Windows<T>(MappedTensor<T> tensor, int size)
        where T : unmanaged
    {
        for (long start = 0; start < tensor.Length; start += MappedTensor<T>.WindowElements)
        {
            int count = (int)Math.Min(MappedTensor<T>.WindowElements, tensor.Length - start);
            yield return (start, count);
            Step((long)count * size);
        }
    }

    private void Step(long bytes)
    {
        cancel.ThrowIfCancellationRequested();
        _done += bytes;
        progress?.Report(Math.Min(1, _done / _all));
    }
}
