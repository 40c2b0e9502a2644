namespace HyperKernels.Backends;

/// <summary>A place in a buffer: where a tensor's first element lies. Offsets count elements (four bytes each).</summary>
/// <remarks>
/// It knows the stamp of the buffer when it was taken: where a tensor is disposed of while an op still works on it, the buffer may serve another by the op's end,
/// and where it is overwritten it holds other values. Both stand in one word, so that a place stays two: a stamp's lowest 24 bits are enough to tell it from those
/// that follow, and 40 bits of elements are more than a device has.
/// </remarks>
internal readonly record struct BufferRef
{
    private const int StampBits = 24;
    private const long StampMask = (1 << StampBits) - 1;

    private readonly long _offsetAndStamp;

    public BufferRef(DeviceBuffer buffer, long offset)
        : this(buffer, offset, buffer.Stamp)
    {
    }

    private BufferRef(DeviceBuffer buffer, long offset, long stamp)
    {
        Buffer = buffer;
        _offsetAndStamp = (offset << StampBits) | (stamp & StampMask);
    }

    public DeviceBuffer Buffer { get; }

    public long Offset => _offsetAndStamp >> StampBits;

    /// <summary>Whether the buffer is still lent to whom it was lent to when the place was taken, and has not been overwritten.</summary>
    public bool IsAsTaken => ((Buffer.Stamp ^ _offsetAndStamp) & StampMask) == 0;

    /// <summary>Whether it is still lent to whom it was lent to.</summary>
    public bool IsHeld => DeviceBuffer.AreOfOneLoan(Buffer.Stamp & (int)StampMask, (int)(_offsetAndStamp & StampMask));

    /// <summary>The place some elements further on.</summary>
    public BufferRef Skip(long elements) => new(Buffer, Offset + elements, _offsetAndStamp);
}
