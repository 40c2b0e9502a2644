using System.Numerics;

namespace HyperKernels.Distributed;

/// <summary>One process alone: sums and gathered values are its own, and it may send messages to itself.</summary>
public sealed class SoloCommunicator : ICommunicator
{
    private readonly Dictionary<int, Queue<Array>> _sent = [];

    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public string Description => "one process";

    /// <inheritdoc/>
    public Transfer StartSend<T>(ReadOnlyMemory<T> values, int to, int tag = 0)
        where T : unmanaged
    {
        CheckRank(nameof(StartSend), to);
        lock (_sent)
        {
            if (!_sent.TryGetValue(tag, out Queue<Array>? queue))
            {
                _sent.Add(tag, queue = []);
            }
            queue.Enqueue(values.ToArray());
        }
        return Transfer.Done;
    }

    /// <inheritdoc/>
    public Transfer StartReceive<T>(Memory<T> values, int from, int tag = 0)
        where T : unmanaged
    {
        CheckRank(nameof(StartReceive), from);
        return new SelfTransfer<T>(this, values, tag);
    }

    /// <inheritdoc/>
    public Transfer StartAllReduceSum<T>(Memory<T> values)
        where T : unmanaged, INumber<T> => Transfer.Done;

    /// <inheritdoc/>
    public Transfer StartAllGather<T>(ReadOnlyMemory<T> own, Memory<T> all, ReadOnlySpan<int> counts)
        where T : unmanaged
    {
        _ = GatherPlaces.Of(counts, 1, 0, own.Length, all.Length);
        own.CopyTo(all);
        return Transfer.Done;
    }

    /// <inheritdoc/>
    public void Broadcast<T>(Span<T> values, int root = 0)
        where T : unmanaged => CheckRank(nameof(Broadcast), root);

    /// <inheritdoc/>
    public void Barrier()
    {
    }

    /// <summary>Ends this process.</summary>
    /// <param name="exitCode">Of the process.</param>
    public void Abort(int exitCode) => Environment.Exit(exitCode);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static void CheckRank(string where, int rank)
    {
        if (rank != 0)
        {
            throw new ArgumentException($"{where}: the rank must be from 0 to 0; got {rank}.");
        }
    }

    // What was sent before is there at once; what is sent later, when it is.
    private sealed class SelfTransfer<T>(SoloCommunicator communicator, Memory<T> values, int tag) : Transfer
        where T : unmanaged
    {
        private bool _isDone;

        public override bool Poll()
        {
            lock (communicator._sent)
            {
                if (_isDone || !communicator._sent.TryGetValue(tag, out Queue<Array>? queue) || !queue.TryDequeue(out Array? came))
                {
                    return _isDone;
                }
                _isDone = true;
                if (came is not T[] typed || typed.Length != values.Length)
                {
                    throw new CommunicationException(
                        $"A message to oneself with tag {tag}: {values.Length} values of {typeof(T).Name} were expected; {came.Length} of "
                        + $"{came.GetType().GetElementType()!.Name} came.");
                }
                typed.CopyTo(values);
                return true;
            }
        }

        public override void Wait()
        {
            if (!Poll())
            {
                throw new CommunicationException($"A message to oneself with tag {tag} was waited for and never sent: one process alone would wait for ever.");
            }
        }
    }
}
