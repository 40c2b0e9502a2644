using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HyperKernels.Backends.Cpu;

/// <summary>The processor: SIMD loops over native memory, cut into tiles for the cores.</summary>
internal sealed unsafe partial class CpuBackend : IBackend
{
    // Elements per tile: large enough to hide the hand-over, small enough that two threads share a medium tensor evenly.
    private const int TileElements = 16 * 1024;

    private readonly ForkJoin _threads;

    /// <param name="vectorWidth">512, 256, 128, or 32 for scalars; at most what the processor has.</param>
    /// <param name="threads">Number of threads, the caller included.</param>
    public CpuBackend(int vectorWidth, int threads)
    {
        if (vectorWidth is not (32 or 128 or 256 or 512))
        {
            // Others would be taken for scalars here and for vectors there.
            Throw.Argument($"CpuBackend: vectors must have 32, 128, 256 or 512 bits; got {vectorWidth}.");
        }
        VectorWidth = vectorWidth;
        Traits = new BackendTraits(
            LaunchesKernels: false, vectorWidth, CacheSizes.Level2, CacheSizes.Level3, GenerateTiles.TileWeights, SegmentPieceSlots);
        _threads = new ForkJoin(threads);
    }

    /// <summary>The widest registers that the processor and the runtime's settings allow, in bits; 32 means scalar code.</summary>
    public static int WidestVector =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 32;

    /// <summary>With its width where that is not the widest, so that a failure tells which code failed.</summary>
    public string Name => VectorWidth == WidestVector ? "cpu" : $"cpu-{VectorWidth}";

    public string Description => $"processor, {Threads} threads, {(VectorWidth == 32 ? "scalar" : $"{VectorWidth}-bit vectors")}";

    public BackendTraits Traits { get; }

    public int VectorWidth { get; }

    public int Threads
    {
        get => _threads.Threads;
        set => _threads.Threads = value;
    }

    // Ops run at once and on the caller's memory: there is nothing to record, and nothing foreign about the host's memory.
    public ICaptureBackend? Capture => null;

    public IForeignMemoryBackend? ForeignMemory => null;

    public DeviceBuffer Allocate(long bytes) => new CpuBuffer(bytes);

    public void Upload(ReadOnlySpan<byte> source, BufferRef destination) =>
        source.CopyTo(new Span<byte>(Floats(destination), source.Length));

    public void Download(BufferRef source, Span<byte> destination) =>
        new ReadOnlySpan<byte>(Floats(source), destination.Length).CopyTo(destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill(BufferRef destination, long count, int bits)
    {
        int* start = Ints(destination);
        for (long done = 0; done < count; done += int.MaxValue)
        {
            new Span<int>(start + done, (int)Math.Min(int.MaxValue, count - done)).Fill(bits);
        }
    }

    public void Synchronize()
    {
    }

    public void Dispose()
    {
    }

    public bool TryGetSpan(BufferRef place, int count, out Span<float> values)
    {
        values = new Span<float>(Floats(place), count);
        return true;
    }

    private static float* Floats(BufferRef place) => (float*)((CpuBuffer)place.Buffer).Pointer + place.Offset;

    private static int* Ints(BufferRef place) => (int*)((CpuBuffer)place.Buffer).Pointer + place.Offset;

    private static float* FloatsOrNull(BufferRef? place) => place is { } given ? Floats(given) : null;

    private static int* IntsOrNull(BufferRef? place) => place is { } given ? Ints(given) : null;

    /// <summary>Tiles of <see cref="TileElements"/> over a flat buffer.</summary>
    private static int TilesOf(long count) => checked((int)((count + TileElements - 1) / TileElements));
}
