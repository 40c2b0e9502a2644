using HyperKernels.Backends;
using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>All ops as launches of the kernels in this assembly, the same for every API. One file per family.</summary>
internal sealed partial class GpuBackend : IBackend, ICaptureBackend, IForeignMemoryBackend
{
    // Launches that stride over their work start at most this many groups per compute unit: enough to hide memory's latency.
    private const int GroupsPerUnit = 16;

    private readonly GpuDevice _device;

    private LaunchRecorder? _recorder;

    public GpuBackend(GpuDevice device)
    {
        _device = device;
        UsesTensorCores = device.HasTensorCores;
        Traits = new BackendTraits(
            LaunchesKernels: true, VectorWidth: 0, Level2Bytes: 0, Level3Bytes: 0, GeneratedTile: 0, SegmentSizes.PieceSlots);
    }

    public string Name => _device.Name;

    public string Description => _device.Description;

    /// <summary>ILGPU's.</summary>
    public Accelerator Accelerator => _device.Accelerator;

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

    public ILaunchRecorder BeginRecording() => _recorder = new LaunchRecorder(_device);

    public void EndRecording() => _recorder = null;

    public void Prepare(ILaunchRecorder launches) => ((LaunchRecorder)launches).Prepare();

    public void Replay(ILaunchRecorder launches)
    {
        // Launches that leave something to the next in the scratch room may be among them.
        lock (_scratchGate)
        {
            ((LaunchRecorder)launches).Replay();
        }
    }

    public void Synchronize() => _device.Synchronize();

    public void Dispose()
    {
        _scratch.ForEach(room => room.Dispose());
        _device.Dispose();
    }

    /// <summary>Where a kernel's view begins: all of the buffer from the place on.</summary>
    private static ArrayView<float> Floats(BufferRef place) => ((GpuBuffer)place.Buffer).View<float>(place.Offset);

    /// <summary>The same; an absent buffer is a view of length 0.</summary>
    private static ArrayView<float> Floats(BufferRef? place) => place is { } present ? Floats(present) : default;

    /// <summary>The same for integers.</summary>
    private static ArrayView<int> Ints(BufferRef place) => ((GpuBuffer)place.Buffer).View<int>(place.Offset);

    /// <summary>The same; an absent buffer is a view of length 0.</summary>
    private static ArrayView<int> Ints(BufferRef? place) => place is { } present ? Ints(present) : default;

    /// <summary>Whether a place is a multiple of four elements, so that a kernel may read and write there four at a time.</summary>
    private static bool InFours(BufferRef place) => (((GpuBuffer)place.Buffer).Start + (place.Offset * sizeof(float))) % 16 == 0;

    private static bool InFours(BufferRef? place) => place is not { } present || InFours(present);

    /// <summary>How many pieces of a size hold so many items.</summary>
    private static long Pieces(long items, long size) => (items + size - 1) / size;

    /// <summary>Launches a kernel of 256 threads a group with one thread per item or, for many items, threads that stride over them.</summary>
    private void ForEach<TArguments>(Action<TArguments> kernel, long items, in TArguments arguments)
        where TArguments : struct
    {
        const int GroupSize = 256;
        ForGroups(kernel, Math.Min(Pieces(items, GroupSize), (long)_device.ComputeUnits * GroupsPerUnit), arguments);
    }

    /// <summary>Launches a kernel with a given number of groups; none: nothing to do.</summary>
    private void ForGroups<TArguments>(Action<TArguments> kernel, long groups, in TArguments arguments)
        where TArguments : struct
    {
        if (groups > 0)
        {
            LoadedKernel<TArguments> loaded = _device.Find(kernel);
            _device.Start(loaded, checked((int)groups), arguments);
            _recorder?.Launch(loaded, (int)groups, arguments);
        }
    }

    // What would come out the same, or stale, at every run of a captured step.
    private void RefuseInCapture(string what, string instead)
    {
        if (_recorder is { Paused: false })
        {
            throw new InvalidOperationException($"Device.Capture: {what} cannot be part of a captured step: {instead}.");
        }
    }
}
