namespace HyperKernels.Distributed;

/// <summary>Values of all processes in the order of ranks: each sends its own to every other, and receives theirs at their places.</summary>
internal sealed class AllGatherTransfer<T> : Transfer
    where T : unmanaged
{
    private readonly Transfer[] _pending;

    /// <param name="communicator">The processes.</param>
    /// <param name="own">Of this process; may be its stretch of <paramref name="all"/>, and is copied there otherwise.</param>
    /// <param name="all">Room for the values of all.</param>
    /// <param name="counts">Of each process.</param>
    /// <param name="tag">The operation's own.</param>
    public AllGatherTransfer(MpiCommunicator communicator, ReadOnlyMemory<T> own, Memory<T> all, ReadOnlySpan<int> counts, int tag)
    {
        int[] offsets = GatherPlaces.Of(counts, communicator.Size, communicator.Rank, own.Length, all.Length);
        Span<T> place = all.Span.Slice(offsets[communicator.Rank], own.Length);
        if (own.Span != place)
        {
            own.Span.CopyTo(place);
        }
        List<Transfer> pending = new(2 * (communicator.Size - 1));
        foreach (int other in communicator.Others())
        {
            pending.Add(communicator.ReceiveTagged(all.Slice(offsets[other], counts[other]), other, tag));
        }
        foreach (int other in communicator.Others())
        {
            pending.Add(communicator.SendTagged(own, other, tag));
        }
        _pending = [.. pending];
    }

    public override bool Poll()
    {
        bool isDone = true;
        foreach (Transfer transfer in _pending)
        {
            isDone &= transfer.Poll();
        }
        return isDone;
    }

    public override void Wait() => WaitAll(_pending);
}
