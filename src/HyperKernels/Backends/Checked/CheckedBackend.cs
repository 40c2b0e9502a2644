using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using HyperKernels.Backends.Watched;

namespace HyperKernels.Backends.Checked;

/// <summary>
/// Stands between ops and a backend, which trusts its caller: no call reaches memory that is not its operands'. Every place must lie in its buffer with all
/// that the call's sizes let a kernel reach, and buffers live until the call returns, also those whose tensors were dropped meanwhile.
/// </summary>
/// <remarks>
/// Ops check what users give them, with messages about tensors; a place that is refused here is a mistake of an op. What is in index tensors is the ops' to
/// check: they keep the bounds of integers. So that these hold when a kernel reads them, and so that what it writes is not another tensor's by then, buffers of indices and
/// results are on loan to the call: a tensor that is disposed of meanwhile gives its buffer back at the call's end.
/// </remarks>
internal sealed partial class CheckedBackend(IBackend backend) : IBackend
{
    // Made when first wanted, and kept: who listens may come and go.
    private WatchedBackend? _watched;
    private bool _hasWatchers;

    /// <summary>For the memory pool, whose guard zones lie behind what a buffer's user asked for.</summary>
    public IBackend Inner => backend;

    /// <summary>Who is told of every op.</summary>
    public IReadOnlyList<IOpWatcher> Watchers
    {
        get => _watched?.Watchers ?? [];
        set
        {
            Watched.Watchers = value;
            Volatile.Write(ref _hasWatchers, value.Count > 0);
        }
    }

    public string Name => backend.Name;

    public string Description => backend.Description;

    public BackendTraits Traits => backend.Traits;

    public int Threads
    {
        get => backend.Threads;
        set => backend.Threads = value;
    }

    public ICaptureBackend? Capture => backend.Capture;

    public IForeignMemoryBackend? ForeignMemory => backend.ForeignMemory;

    // Those who watch see the calls that passed the checks; where nobody does, there is nothing between.
    private IBackend Target => _hasWatchers || Telemetry.ListensToOps ? Watched : backend;

    private WatchedBackend Watched => _watched ?? Interlocked.CompareExchange(ref _watched, new WatchedBackend(backend), null) ?? _watched;

    public DeviceBuffer Allocate(long bytes) => backend.Allocate(bytes);

    public void Upload(ReadOnlySpan<byte> source, BufferRef destination)
    {
        Check(destination, (source.Length + 3L) / 4);
        using Loan loan = Hold(destination);
        Target.Upload(source, destination);
        // This may be who overwrites a tensor in place: another who does so is refused.
        if (!destination.IsAsTaken)
        {
            RefuseChanged(destination);
        }
    }

    public void Download(BufferRef source, Span<byte> destination)
    {
        Check(source, (destination.Length + 3L) / 4);
        Target.Download(source, destination);
        Keep(source);
    }

    public void Fill(BufferRef destination, long count, int bits)
    {
        Check(destination, count);
        using Loan loan = Hold(destination);
        Target.Fill(destination, count, bits);
        Keep(destination);
    }

    public bool TryGetSpan(BufferRef place, int count, out Span<float> values)
    {
        Check(place, count);
        return backend.TryGetSpan(place, count, out values);
    }

    public void Synchronize() => backend.Synchronize();

    public double RunMultiplyAdds(BufferRef scratch)
    {
        Check(scratch, ILimitsBackend.ScratchBytes / 4);
        double operations = backend.RunMultiplyAdds(scratch);
        Keep(scratch);
        return operations;
    }

    public void RunCopy(BufferRef source, BufferRef destination, long bytes)
    {
        Check(source, bytes / 4);
        Check(destination, bytes / 4);
        backend.RunCopy(source, destination, bytes);
        Keep(source, destination);
    }

    public void Dispose() => backend.Dispose();

    /// <summary>Elements from the first of <paramref name="rows"/> rows to behind the last; none where there is no element.</summary>
    private static long Reach(long rows, long stride, long length) => rows <= 0 || length <= 0 ? 0 : ((rows - 1) * stride) + length;

    private void Check(
        BufferRef? place, long count, [CallerArgumentExpression(nameof(place))] string operand = "", [CallerMemberName] string op = "")
    {
        if (place is { } given)
        {
            Check(given, count, operand, op);
        }
    }

    private void Check(
        BufferRef place, long count, [CallerArgumentExpression(nameof(place))] string operand = "", [CallerMemberName] string op = "") =>
        Check(place, 0, count, operand, op);

    /// <summary>Checks the elements from <paramref name="first"/>, counted from the place, to below <paramref name="end"/>; there may be none.</summary>
    private void Check(BufferRef place, long first, long end, string operand, string op)
    {
        long size = place.Buffer.RequestedBytes / 4;
        if (place.Offset < 0 || place.Offset > size || end < first || (end > first && (place.Offset + first < 0 || end > size - place.Offset)))
        {
            Refuse(place, first, end, size, operand, op);
        }
    }

    [DoesNotReturn]
    private void Refuse(BufferRef place, long first, long end, long size, string operand, string op)
    {
        if (!place.IsHeld)
        {
            RefuseChanged(place);
        }
        throw new DeviceException(
            $"{Name}: {op}: {operand} would reach elements {place.Offset + first} to below {place.Offset + end} of a buffer of {size}: an op asked for what its "
            + "tensors do not hold. This is a defect of HyperKernels; nothing was read or written.");
    }

    // A buffer that nothing refers to any more may be freed by its finalizer, while a kernel runs too.
    private static void Keep(BufferRef a)
    {
        GC.KeepAlive(a.Buffer);
        ThrowIfEnded(a);
    }

    private static void Keep(params ReadOnlySpan<BufferRef?> places)
    {
        foreach (BufferRef? place in places)
        {
            if (place is { } given)
            {
                Keep(given);
            }
        }
    }

    // One that was disposed of meanwhile may serve another tensor, and one that was overwritten was read before, after or half way.
    private static void ThrowIfEnded(BufferRef place)
    {
        if (place.Buffer.IsBeingWritten || !place.IsAsTaken)
        {
            RefuseChanged(place);
        }
    }

    [DoesNotReturn]
    private static void RefuseChanged(BufferRef place)
    {
        if (!place.IsHeld)
        {
            RefuseEnded();
        }
        Throw.InvalidOperation(
            "Tensor: it was overwritten, by an optimiser's step or CopyFrom on another thread, while an op worked on it; what the op gave is not to be used. Write when nobody "
            + "reads, or let every flow have its own.");
    }
}
