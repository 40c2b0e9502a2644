using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace HyperKernels.Distributed;

/// <summary>All processes that one <c>mpirun</c> started, through Open MPI 4 or 5, which is found at run time.</summary>
/// <remarks>
/// One for a process, because MPI starts and ends once. Any thread may call, but collective operations must start in the same order everywhere.
/// On an error of a process the others are ended by <c>mpirun</c>. Source: MPI: A Message-Passing Interface Standard, version 3.1.
/// </remarks>
public sealed unsafe class MpiCommunicator : ICommunicator
{
    private const int MaxTag = 32767;

    private static int s_opened;

    private readonly nint _messages;
    private readonly nint _collectives;
    private int _sequence;
    private bool _isDisposed;

    private MpiCommunicator(string version)
    {
        int provided = 0;
        MpiLibrary.Check(MpiApi.MPI_Init_thread(0, 0, MpiApi.ThreadMultiple, &provided), nameof(MpiApi.MPI_Init_thread));
        // Errors come back as codes instead of ending the program; a communicator's copies inherit that.
        MpiLibrary.Check(MpiApi.MPI_Comm_set_errhandler(MpiLibrary.World, MpiLibrary.ErrorsReturn), nameof(MpiApi.MPI_Comm_set_errhandler));
        // A room of its own for collective operations: their tags cannot meet those of users.
        (_messages, _collectives) = (Copy(), Copy());
        int rank = 0, size = 0;
        MpiLibrary.Check(MpiApi.MPI_Comm_rank(_messages, &rank), nameof(MpiApi.MPI_Comm_rank));
        MpiLibrary.Check(MpiApi.MPI_Comm_size(_messages, &size), nameof(MpiApi.MPI_Comm_size));
        (Rank, Size) = (rank, size);
        Description = $"{version}, rank {rank} of {size}";

        static nint Copy()
        {
            nint copy = 0;
            MpiLibrary.Check(MpiApi.MPI_Comm_dup(MpiLibrary.World, &copy), nameof(MpiApi.MPI_Comm_dup));
            return copy;
        }
    }

    /// <summary>Whether the library is there, and if not, why. Starts nothing.</summary>
    public static MpiStatus Status => MpiLibrary.Status;

    /// <summary>Whether this process was started by <c>mpirun</c> or another launcher that MPI knows, so that there may be others.</summary>
    public static bool IsLaunched => Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_SIZE") is not null || Environment.GetEnvironmentVariable("PMIX_RANK") is not null;

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public string Description { get; }

    /// <summary>Joins the other processes.</summary>
    /// <returns>Dispose it before the process ends: that waits for the others.</returns>
    /// <exception cref="CommunicationException">The library is absent, with the reason, or does not start.</exception>
    /// <exception cref="InvalidOperationException">It was opened before.</exception>
    public static MpiCommunicator Open()
    {
        MpiStatus status = Status;
        if (!status.IsAvailable)
        {
            throw new CommunicationException($"MPI is not available: {status.Reason}");
        }
        if (Interlocked.Exchange(ref s_opened, 1) != 0)
        {
            throw new InvalidOperationException("MpiCommunicator.Open: MPI starts once in a process; pass on the communicator that was opened first.");
        }
        return new MpiCommunicator(status.Version);
    }

    /// <summary>The processes started together: through MPI where a launcher started this one, else this one alone.</summary>
    /// <exception cref="CommunicationException">A launcher started this process, but the library is absent or does not start.</exception>
    public static ICommunicator OpenOrSolo() => IsLaunched ? Open() : new SoloCommunicator();

    /// <inheritdoc/>
    public Transfer StartSend<T>(ReadOnlyMemory<T> values, int to, int tag = 0)
        where T : unmanaged
    {
        CheckRank(nameof(StartSend), to);
        CheckTag(nameof(StartSend), tag);
        return Send(values, to, tag, _messages);
    }

    /// <inheritdoc/>
    public Transfer StartReceive<T>(Memory<T> values, int from, int tag = 0)
        where T : unmanaged
    {
        CheckRank(nameof(StartReceive), from);
        CheckTag(nameof(StartReceive), tag);
        return Receive(values, from, tag, _messages);
    }

    /// <inheritdoc/>
    public Transfer StartAllReduceSum<T>(Memory<T> values)
        where T : unmanaged, INumber<T> =>
        Size == 1 || values.IsEmpty ? Transfer.Done : new AllReduceTransfer<T>(this, values, NextTag());

    /// <inheritdoc/>
    public Transfer StartAllGather<T>(ReadOnlyMemory<T> own, Memory<T> all, ReadOnlySpan<int> counts)
        where T : unmanaged => new AllGatherTransfer<T>(this, own, all, counts, NextTag());

    /// <inheritdoc/>
    public void Broadcast<T>(Span<T> values, int root = 0)
        where T : unmanaged
    {
        CheckRank(nameof(Broadcast), root);
        fixed (T* start = values)
        {
            int status = MpiApi.MPI_Bcast(start, values.Length, MpiLibrary.TypeOf<T>(), root, _collectives);
            MpiLibrary.Check(status, nameof(MpiApi.MPI_Bcast), $"{values.Length:N0} values of rank {root}");
        }
    }

    /// <inheritdoc/>
    public void Barrier() => MpiLibrary.Check(MpiApi.MPI_Barrier(_collectives), nameof(MpiApi.MPI_Barrier));

    /// <inheritdoc/>
    public void Abort(int exitCode) => MpiLibrary.Check(MpiApi.MPI_Abort(MpiLibrary.World, exitCode), nameof(MpiApi.MPI_Abort));

    /// <summary>Leaves the other processes; waits for them to do so too.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            MpiLibrary.Check(MpiApi.MPI_Finalize(), nameof(MpiApi.MPI_Finalize));
        }
    }

    /// <summary>All ranks but this one. Everybody begins with its neighbour, so that nobody is asked by all at once.</summary>
    internal IEnumerable<int> Others()
    {
        for (int step = 1; step < Size; step++)
        {
            yield return (Rank + step) % Size;
        }
    }

    /// <summary>Sends a part of a collective operation.</summary>
    internal Transfer SendTagged<T>(ReadOnlyMemory<T> values, int to, int tag)
        where T : unmanaged => Send(values, to, tag, _collectives);

    /// <summary>Receives a part of a collective operation.</summary>
    internal Transfer ReceiveTagged<T>(Memory<T> values, int from, int tag)
        where T : unmanaged => Receive(values, from, tag, _collectives);

    private int NextTag() => Interlocked.Increment(ref _sequence) & MaxTag;

    private static MpiTransfer Send<T>(ReadOnlyMemory<T> values, int to, int tag, nint communicator)
        where T : unmanaged
    {
        string what = $"{values.Length:N0} values to rank {to}, tag {tag}";
        MemoryHandle memory = values.Pin();
        nint request = 0;
        MpiLibrary.Check(MpiApi.MPI_Isend(memory.Pointer, values.Length, MpiLibrary.TypeOf<T>(), to, tag, communicator, &request), nameof(MpiApi.MPI_Isend), what);
        return new MpiTransfer($"{nameof(MpiApi.MPI_Isend)} of {what}", request, memory);
    }

    private static MpiTransfer Receive<T>(Memory<T> values, int from, int tag, nint communicator)
        where T : unmanaged
    {
        string what = $"{values.Length:N0} values from rank {from}, tag {tag}";
        MemoryHandle memory = values.Pin();
        nint type = MpiLibrary.TypeOf<T>();
        nint request = 0;
        MpiLibrary.Check(MpiApi.MPI_Irecv(memory.Pointer, values.Length, type, from, tag, communicator, &request), nameof(MpiApi.MPI_Irecv), what);
        return new MpiTransfer($"{nameof(MpiApi.MPI_Irecv)} of {what}", request, memory, type, values.Length);
    }

    private void CheckRank(string where, int rank)
    {
        if ((uint)rank >= (uint)Size)
        {
            throw new ArgumentException($"{where}: the rank must be from 0 to {Size - 1}; got {rank}.");
        }
    }

    private static void CheckTag(string where, int tag)
    {
        if ((uint)tag > MaxTag)
        {
            throw new ArgumentException($"{where}: the tag must be from 0 to {MaxTag}; got {tag}.");
        }
    }
}
