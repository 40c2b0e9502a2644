namespace HyperKernels.Backends;

/// <summary>Buffers, and how bytes get into them and out of them.</summary>
internal interface IMemoryBackend
{
    /// <summary>Takes memory from the system; contents undefined.</summary>
    /// <exception cref="DeviceException">The system has not that much.</exception>
    DeviceBuffer Allocate(long bytes);

    /// <summary>Copies from the host. Returns when the source may be reused.</summary>
    void Upload(ReadOnlySpan<byte> source, BufferRef destination);

    /// <summary>Copies to the host. Waits for all work before it.</summary>
    void Download(BufferRef source, Span<byte> destination);

    /// <summary>Sets <paramref name="count"/> 32-bit elements to the same bits.</summary>
    void Fill(BufferRef destination, long count, int bits);

    /// <summary>The memory itself, where it is the host's own; valid as long as the buffer.</summary>
    /// <returns>False where the host cannot reach it.</returns>
    bool TryGetSpan(BufferRef place, int count, out Span<float> values);

    /// <summary>Waits until everything asked for is done.</summary>
    void Synchronize();
}
