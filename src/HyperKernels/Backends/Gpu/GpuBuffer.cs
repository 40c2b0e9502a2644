namespace HyperKernels.Backends.Gpu;

/// <summary>Memory of a GPU-like device. Handle is what its API calls it: an address for CUDA, a memory object for OpenCL.</summary>
internal sealed class GpuBuffer : DeviceBuffer
{
    private readonly IGpuDevice _device;
    private readonly bool _owned;
    private nint _handle;

    /// <param name="device">Whose memory it is.</param>
    /// <param name="handle">The API's name for it.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="owned">Whether the memory ends with this object; not so for memory that another library lent.</param>
    public GpuBuffer(IGpuDevice device, nint handle, long bytes, bool owned = true)
        : base(bytes)
    {
        _device = device;
        _handle = handle;
        _owned = owned;
    }

    // Only for a tensor that was made outside every scope and dropped without Dispose.
    ~GpuBuffer() => Free();

    public nint Handle => _handle;

    public override bool IsBorrowed => !_owned;

    public override void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0 && _owned)
        {
            _device.Free(handle);
        }
    }
}
