namespace HyperKernels.Backends;

/// <summary>What a backend offers whose memory other libraries can use, and that can use theirs.</summary>
internal interface IForeignMemoryBackend
{
    /// <summary>Makes memory that belongs to somebody else usable here, for as long as its owner keeps it.</summary>
    /// <param name="memory">The API's name for it: an address (CUDA), a memory object (OpenCL).</param>
    /// <param name="bytes">How much of it is wanted.</param>
    /// <param name="offset">Where it begins in the buffer, in elements.</param>
    /// <exception cref="ArgumentException">There is less, or it is not aligned to elements.</exception>
    DeviceBuffer Borrow(nint memory, long bytes, out long offset);

    /// <summary>The API's name for a place: an address with offset 0, or a memory object and how many bytes behind its start.</summary>
    nint HandleOf(BufferRef place, out long offset);
}
