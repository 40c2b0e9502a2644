using System.Numerics;

namespace HyperKernels.Distributed;

/// <summary>What processes that work together tell each other. Every one of them runs the same program and calls the same collective operations in the same order.</summary>
/// <remarks>
/// Memory handed to an operation that is under way belongs to it until <see cref="Transfer.Wait"/> has returned. Errors of the library are
/// <see cref="CommunicationException"/>; wrong sizes and ranks are <see cref="ArgumentException"/> before anything is sent.
/// </remarks>
public interface ICommunicator : IDisposable
{
    /// <summary>The number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>How many processes there are.</summary>
    int Size { get; }

    /// <summary>What carries the messages, in words: <c>Open MPI v4.1.4, rank 0 of 2</c>.</summary>
    string Description { get; }

    /// <summary>Starts to send values to another process (or this one).</summary>
    /// <param name="values">What to send; may be empty.</param>
    /// <param name="to">The receiver's rank.</param>
    /// <param name="tag">Tells messages between the same two processes apart, 0 to 32,767; those with the same tag arrive in the order in which they were sent.</param>
    /// <exception cref="ArgumentException">There is no such rank, or the tag is out of range.</exception>
    Transfer StartSend<T>(ReadOnlyMemory<T> values, int to, int tag = 0)
        where T : unmanaged;

    /// <summary>Starts to receive as many values as there is room for; fewer or more are an error of <see cref="Transfer.Wait"/>.</summary>
    /// <param name="values">Where they are written.</param>
    /// <param name="from">The sender's rank.</param>
    /// <param name="tag">As the sender gave it.</param>
    /// <exception cref="ArgumentException">There is no such rank, or the tag is out of range.</exception>
    Transfer StartReceive<T>(Memory<T> values, int from, int tag = 0)
        where T : unmanaged;

    /// <summary>Starts to replace values by their sums over all processes, each added in the order of ranks: the same bits on every process and in every run.</summary>
    /// <param name="values">As many on every process.</param>
    Transfer StartAllReduceSum<T>(Memory<T> values)
        where T : unmanaged, INumber<T>;

    /// <summary>Starts to gather values of all processes, in the order of ranks.</summary>
    /// <param name="own">Those of this process: <c>counts[Rank]</c>. Nothing is copied where they stand at their place in <paramref name="all"/>.</param>
    /// <param name="all">Where those of all are written: the sum of the counts.</param>
    /// <param name="counts">How many each process gives, the same on every process.</param>
    /// <exception cref="ArgumentException">A length is not what the counts say.</exception>
    Transfer StartAllGather<T>(ReadOnlyMemory<T> own, Memory<T> all, ReadOnlySpan<int> counts)
        where T : unmanaged;

    /// <summary>Replaces values by those of one process.</summary>
    /// <param name="values">As many on every process.</param>
    /// <param name="root">Whose they become.</param>
    /// <exception cref="ArgumentException">There is no such rank.</exception>
    void Broadcast<T>(Span<T> values, int root = 0)
        where T : unmanaged;

    /// <summary>Returns when every process has called it.</summary>
    void Barrier();

    /// <summary>Ends all processes at once, this one too; for one that cannot go on and that others would wait for.</summary>
    /// <param name="exitCode">Of the processes; not 0.</param>
    void Abort(int exitCode);

    /// <summary>Replaces values by their sums over all processes, as <see cref="StartAllReduceSum"/>, and waits.</summary>
    void AllReduceSum<T>(Memory<T> values)
        where T : unmanaged, INumber<T> => StartAllReduceSum(values).Wait();

    /// <summary>Gathers as many values from every process, in the order of ranks, and waits.</summary>
    /// <returns>Size times as many as <paramref name="own"/>.</returns>
    T[] AllGather<T>(ReadOnlyMemory<T> own)
        where T : unmanaged
    {
        int[] counts = new int[Size];
        Array.Fill(counts, own.Length);
        return AllGather(own, counts);
    }

    /// <summary>Gathers values of all processes, in the order of ranks, and waits.</summary>
    /// <param name="own">Those of this process: <c>counts[Rank]</c>.</param>
    /// <param name="counts">How many each process gives, the same on every process.</param>
    /// <returns>The sum of the counts.</returns>
    T[] AllGather<T>(ReadOnlyMemory<T> own, ReadOnlySpan<int> counts)
        where T : unmanaged
    {
        long total = 0;
        foreach (int count in counts)
        {
            total += count;
        }
        T[] all = new T[total];
        StartAllGather(own, all, counts).Wait();
        return all;
    }
}
