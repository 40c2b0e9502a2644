using System.Collections.Concurrent;

namespace HyperKernels.Backends.Gpu;

/// <summary>All ops as launches of the kernels in <c>kernels/</c>, the same for every API. One file per family.</summary>
internal sealed unsafe partial class GpuBackend : IBackend, ICaptureBackend, IForeignMemoryBackend
{
    // Launches that stride over their work start at most this many groups per compute unit: enough to hide memory's latency.
    private const int GroupsPerUnit = 16;

    private readonly IGpuDevice _device;
    private readonly ConcurrentDictionary<string, Lazy<IGpuModule>> _modules = new();
    private readonly ConcurrentDictionary<string, GpuKernel> _kernels = new();

    private LaunchRecorder? _recorder;

    public GpuBackend(IGpuDevice device)
    {
        _device = device;
        UsesTensorCores = device.HasTensorCores;
        Traits = new BackendTraits(
            LaunchesKernels: true, VectorWidth: 0, Level2Bytes: 0, Level3Bytes: 0, GeneratedTile: 0, SegmentPieceSlots);
    }

    public string Name => _device.Name;

    public string Description => _device.Description;

    public BackendTraits Traits { get; }

    // Launches are made by whoever calls; the device has threads of its own.
    public int Threads
    {
        get => 1;
        set { }
    }

    public ICaptureBackend? Capture => this;

    public IForeignMemoryBackend? ForeignMemory => this;

    /// <summary>Whether products that may be less precise go to the kernels for tensor cores; where there are none, those emulate them, slowly.</summary>
    public bool UsesTensorCores { get; init; }

    public DeviceBuffer Allocate(long bytes) => _device.Allocate(bytes);

    public DeviceBuffer Borrow(nint memory, long bytes, out long offset) => _device.Borrow(memory, bytes, out offset);

    public nint HandleOf(BufferRef place, out long offset) => _device.HandleOf(place, out offset);

    public bool TryGetSpan(BufferRef place, int count, out Span<float> values)
    {
        values = default;
        return false;
    }

    public void Upload(ReadOnlySpan<byte> source, BufferRef destination)
    {
        RefuseInCapture("data from the host", "make the tensor before and change it by CopyFrom between runs");
        if (source.Length > 0)
        {
            _device.Upload(source, destination);
        }
    }

    public void Download(BufferRef source, Span<byte> destination)
    {
        RefuseInCapture("reading back", "keep the tensor and read it after a run");
        if (destination.Length > 0)
        {
            _device.Download(source, destination);
        }
    }

    public void Fill(BufferRef destination, long count, int bits)
    {
        if (count > 0)
        {
            _device.Fill(destination, count, bits);
            _recorder?.Fill(destination, count, bits);
        }
    }

    public ILaunchRecorder? Recorder => _recorder;

    public ILaunchRecorder BeginRecording() => _recorder = new LaunchRecorder();

    public void EndRecording() => _recorder = null;

    public void Prepare(ILaunchRecorder launches) => ((LaunchRecorder)launches).Prepare(_device);

    public void Replay(ILaunchRecorder launches)
    {
        // Launches that leave something to the next in the scratch room may be among them.
        lock (_scratchGate)
        {
            ((LaunchRecorder)launches).Replay(_device);
        }
    }

    public void Synchronize() => _device.Synchronize();

    public void Dispose()
    {
        _scratch.ForEach(room => room.Dispose());
        _device.Dispose();
    }

    /// <summary>Launches a kernel, named <c>file/kernel</c> or <c>cuda/file/kernel</c>, with one thread per item or, for many items, threads that stride over them.</summary>
    public void ForEach(string path, long items, ReadOnlySpan<KernelArgument> arguments)
    {
        if (items > 0)
        {
            GpuKernel kernel = Kernel(path);
            long groups = (items + kernel.GroupSize - 1) / kernel.GroupSize;
            Launch(kernel, (int)Math.Min(groups, (long)_device.ComputeUnits * GroupsPerUnit), arguments);
        }
    }

    /// <summary>Launches a kernel with a given number of groups; none: nothing to do.</summary>
    public void ForGroups(string path, long groups, ReadOnlySpan<KernelArgument> arguments)
    {
        if (groups > 0)
        {
            Launch(Kernel(path), checked((int)groups), arguments);
        }
    }

    private void Launch(GpuKernel kernel, int groups, ReadOnlySpan<KernelArgument> arguments)
    {
        _device.Launch(kernel, groups, arguments);
        _recorder?.Launch(kernel, groups, arguments);
    }

    // What would come out the same, or stale, at every run of a captured step.
    private void RefuseInCapture(string what, string instead)
    {
        if (_recorder is { Paused: false })
        {
            throw new InvalidOperationException($"Device.Capture: {what} cannot be part of a captured step: {instead}.");
        }
    }

    private GpuKernel Kernel(string path) => _kernels.TryGetValue(path, out GpuKernel? kernel) ? kernel : _kernels.GetOrAdd(path, Find);

    private GpuKernel Find(string path)
    {
        int slash = path.LastIndexOf('/');
        string file = $"{path.AsSpan(0, slash)}.c";
        // Lazy: two threads that meet at a file's first use build it once.
        return _modules.GetOrAdd(file, f => new Lazy<IGpuModule>(() => _device.Build(KernelSource.Load(_device.Name, f)))).Value.Find(path[(slash + 1)..]);
    }
}
