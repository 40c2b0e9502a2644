namespace HyperKernels.Distributed;

/// <summary>
/// Completes sums of hyperedges that lie in several processes: each such hyperedge has an owner among them, to which the others send what their members add up to, and
/// which sends the whole sum back. A hyperedge in lambda processes costs lambda - 1 rows each way, which is what its partition's connectivity says.
/// </summary>
/// <remarks>Sums are added in the order of ranks: the same bits on every process and in every run.</remarks>
public sealed class EdgeHalo : IEdgeExchange
{
    private const int PartialTag = 101;
    private const int WholeTag = 102;

    private readonly ICommunicator _communicator;

    // By rank: the hyperedges of this process whose sums go to that owner, and those of its own to which that process adds.
    private readonly int[][] _toOwner;
    private readonly int[][] _fromSharer;
    private readonly int[] _shared;
    private float[] _sent = [];
    private float[] _received = [];
    private float[] _own = [];

    /// <param name="communicator">The processes.</param>
    /// <param name="toOwner">For each rank the hyperedges, by their numbers here, that it owns and this process has members of.</param>
    /// <param name="fromSharer">For each rank the hyperedges that this process owns and that one has members of, in the same order as there.</param>
    internal EdgeHalo(ICommunicator communicator, int[][] toOwner, int[][] fromSharer)
    {
        (_communicator, _toOwner, _fromSharer) = (communicator, toOwner, fromSharer);
        _shared = [.. fromSharer.SelectMany(static edges => edges).Distinct().Order()];
    }

    /// <summary>Rows that this process sent so far.</summary>
    public long SentRows { get; private set; }

    /// <summary>Bytes that this process sent so far.</summary>
    public long SentBytes { get; private set; }

    /// <summary>How many sums were completed so far.</summary>
    public long Exchanges { get; private set; }

    /// <summary>How long they took, waiting for others included.</summary>
    public TimeSpan Time { get; private set; }

    /// <summary>How long the processor worked on them: packing, adding, and looking for messages.</summary>
    public TimeSpan ProcessorTime { get; private set; }

    /// <summary>The part of <see cref="ProcessorTime"/> that went into looking for messages.</summary>
    public TimeSpan WaitingProcessorTime { get; private set; }

    /// <inheritdoc/>
    public void Sum(Span<float> rows, int features)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        TimeSpan worked = Environment.CpuUsage.TotalTime;
        // To owners first, and what comes from there to sharers back: buffers hold the rows of one process after those of another.
        Exchange(rows, features, _toOwner, _fromSharer, PartialTag);
        AddUp(rows, features);
        Exchange(rows, features, _fromSharer, _toOwner, WholeTag);
        int place = 0;
        foreach (int[] edges in _toOwner)
        {
            foreach (int edge in edges)
            {
                _received.AsSpan(place, features).CopyTo(rows.Slice(edge * features, features));
                place += features;
            }
        }
        Exchanges++;
        Time += System.Diagnostics.Stopwatch.GetElapsedTime(start);
        ProcessorTime += Environment.CpuUsage.TotalTime - worked;
    }

    private void Exchange(ReadOnlySpan<float> rows, int features, int[][] sends, int[][] receives, int tag)
    {
        int sent = checked(sends.Sum(static edges => edges.Length) * features), received = checked(receives.Sum(static edges => edges.Length) * features);
        Grow(ref _sent, sent);
        Grow(ref _received, received);
        List<Transfer> transfers = [];
        int place = 0;
        for (int rank = 0; rank < receives.Length; rank++)
        {
            int count = receives[rank].Length * features;
            if (count > 0)
            {
                transfers.Add(_communicator.StartReceive<float>(_received.AsMemory(place, count), rank, tag));
                place += count;
            }
        }
        place = 0;
        for (int rank = 0; rank < sends.Length; rank++)
        {
            int first = place;
            foreach (int edge in sends[rank])
            {
                rows.Slice(edge * features, features).CopyTo(_sent.AsSpan(place));
                place += features;
            }
            if (place > first)
            {
                transfers.Add(_communicator.StartSend<float>(_sent.AsMemory(first, place - first), rank, tag));
                SentRows += sends[rank].Length;
                SentBytes += (long)(place - first) * sizeof(float);
            }
        }
        TimeSpan worked = Environment.CpuUsage.TotalTime;
        Transfer.WaitAll([.. transfers]);
        WaitingProcessorTime += Environment.CpuUsage.TotalTime - worked;
    }

    private void AddUp(Span<float> rows, int features)
    {
        // Own sums are added in their turn too, from a copy.
        Grow(ref _own, checked(_shared.Length * features));
        for (int i = 0; i < _shared.Length; i++)
        {
            Span<float> row = rows.Slice(_shared[i] * features, features);
            row.CopyTo(_own.AsSpan(i * features));
            row.Clear();
        }
        int place = 0;
        for (int rank = 0; rank < _fromSharer.Length; rank++)
        {
            int[] edges = rank == _communicator.Rank ? _shared : _fromSharer[rank];
            for (int i = 0; i < edges.Length; i++)
            {
                Span<float> row = rows.Slice(edges[i] * features, features);
                ReadOnlySpan<float> part = rank == _communicator.Rank ? _own.AsSpan(i * features, features) : _received.AsSpan(place, features);
                System.Numerics.Tensors.TensorPrimitives.Add(row, part, row);
                place += rank == _communicator.Rank ? 0 : features;
            }
        }
    }

    private static void Grow(ref float[] buffer, int count)
    {
        if (buffer.Length < count)
        {
            buffer = new float[count];
        }
    }
}
