namespace HyperKernels.Backends;

/// <summary>A place in a buffer: where a tensor's first element lies. Offsets count elements (four bytes each).</summary>
internal readonly record struct BufferRef(DeviceBuffer Buffer, long Offset)
{
    /// <summary>The place some elements further on.</summary>
    public BufferRef Skip(long elements) => new(Buffer, Offset + elements);
}
