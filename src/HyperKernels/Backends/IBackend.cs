namespace HyperKernels.Backends;

/// <summary>
/// What a device must be able to do: buffers and integers only, no tensors, no tape. Ops check every argument before they call;
/// a backend trusts its caller. One file per op family.
/// </summary>
internal partial interface IBackend : IDisposable
{
    /// <summary>Short name, as on the command line: <c>cpu</c>, <c>opencl</c>, <c>cuda</c>.</summary>
    string Name { get; }

    /// <summary>The device in words, for people.</summary>
    string Description { get; }

    /// <summary>Takes memory from the system; contents undefined.</summary>
    /// <exception cref="DeviceException">The system has not that much.</exception>
    DeviceBuffer Allocate(long bytes);

    /// <summary>Copies from the host. Returns when the source may be reused.</summary>
    void Upload(ReadOnlySpan<byte> source, BufferRef destination);

    /// <summary>Copies to the host. Waits for all work before it.</summary>
    void Download(BufferRef source, Span<byte> destination);

    /// <summary>Sets <paramref name="count"/> 32-bit elements to the same bits.</summary>
    void Fill(BufferRef destination, long count, int bits);

    /// <summary>Waits until everything asked for is done.</summary>
    void Synchronize();
}
