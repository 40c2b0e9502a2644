using System.Diagnostics;

namespace HyperKernels.Backends.Watched;

/// <summary>Stands before a backend while somebody watches: tells of every op, before and after it runs. Nobody pays for it otherwise: it is not there.</summary>
internal sealed partial class WatchedBackend(IBackend backend) : IBackend
{
    private IOpWatcher[] _watchers = [];
    private bool _waits;

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

    /// <summary>Who watches. The first is the outermost: what comes behind it does not see its work.</summary>
    public IReadOnlyList<IOpWatcher> Watchers
    {
        get => Volatile.Read(ref _watchers);
        set
        {
            _waits = value.Any(static watcher => watcher.WaitsForDevice);
            Volatile.Write(ref _watchers, [.. value]);
        }
    }

    public DeviceBuffer Allocate(long bytes) => backend.Allocate(bytes);

    public void Upload(ReadOnlySpan<byte> source, BufferRef destination)
    {
        long count = source.Length / sizeof(float);
        OpCall call = new(nameof(Upload), null, () => new Operands().Writes(nameof(destination), destination, Extent.Dense(count)));
        Begin(call);
        backend.Upload(source, destination);
        Finish(call);
    }

    public void Download(BufferRef source, Span<byte> destination)
    {
        long count = destination.Length / sizeof(float);
        OpCall call = new(nameof(Download), null, () => new Operands().Reads(nameof(source), source, Extent.Dense(count)));
        Begin(call);
        backend.Download(source, destination);
        Finish(call);
    }

    public void Fill(BufferRef destination, long count, int bits) => Watch(new OpCall(
        nameof(Fill),
        (on, at) => on.Fill(at[destination], count, bits),
        () => new Operands().Writes(nameof(destination), destination, Extent.Dense(count))));

    public bool TryGetSpan(BufferRef place, int count, out Span<float> values) => backend.TryGetSpan(place, count, out values);

    public void Synchronize() => backend.Synchronize();

    public double RunMultiplyAdds(BufferRef scratch) => backend.RunMultiplyAdds(scratch);

    public void RunCopy(BufferRef source, BufferRef destination, long bytes) => backend.RunCopy(source, destination, bytes);

    public void Dispose() => backend.Dispose();

    private void Watch(OpCall call)
    {
        Begin(call);
        call.Run!(backend, Places.Own);
        Finish(call);
    }

    private void Begin(OpCall call)
    {
        IOpWatcher[] watchers = Volatile.Read(ref _watchers);
        foreach (IOpWatcher watcher in watchers)
        {
            watcher.Before(backend, call);
        }
        call.Start = Stopwatch.GetTimestamp();
    }

    private void Finish(OpCall call)
    {
        if (_waits)
        {
            backend.Synchronize();
        }
        call.End = Stopwatch.GetTimestamp();
        IOpWatcher[] watchers = Volatile.Read(ref _watchers);
        for (int i = watchers.Length - 1; i >= 0; i--)
        {
            watchers[i].After(backend, call);
        }
        Telemetry.NoteOp(this, call);
    }
}
