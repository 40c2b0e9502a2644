using HyperKernels.Backends;
using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>Memory of a device, in bytes.</summary>
internal sealed class GpuBuffer : DeviceBuffer
{
    private readonly GpuDevice? _owner;
    private MemoryBuffer? _memory;

    /// <param name="memory">ILGPU's buffer; its elements have any size.</param>
    /// <param name="start">Where it begins in that, in bytes: 0 but for memory that an application lent.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="owner">Who frees it; null for memory that an application lent.</param>
    public GpuBuffer(MemoryBuffer memory, long start, long bytes, GpuDevice? owner)
        : base(bytes)
    {
        _memory = memory;
        Start = start;
        _owner = owner;
    }

    // Only for a tensor that was made outside every scope and dropped without Dispose.
    ~GpuBuffer() => Free();

    public override bool IsBorrowed => _owner is null;

    /// <summary>Where it begins in <see cref="Memory"/>, in bytes.</summary>
    public long Start { get; }

    public MemoryBuffer Memory => _memory ?? throw new ObjectDisposedException(nameof(GpuBuffer));

    /// <summary>All from an element on, as elements of four bytes.</summary>
    public ArrayView<T> View<T>(long offset)
        where T : unmanaged => new ArrayView<byte>(Memory, Start + (offset * 4), Bytes - (offset * 4)).Cast<T>();

    public override void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        MemoryBuffer? memory = Interlocked.Exchange(ref _memory, null);
        if (memory is not null)
        {
            _owner?.Free(memory.NativePtr);
        }
    }
}
