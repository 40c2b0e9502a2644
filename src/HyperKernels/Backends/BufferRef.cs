namespace HyperKernels.Backends;

/// <summary>A place in a buffer: where a tensor's first element lies. Offsets count elements (four bytes each).</summary>
/// <remarks>
/// It knows which loan of the buffer it was taken in: where a tensor is disposed of while an op still works on it, the buffer may serve another by the op's end.
/// Both stand in one word, so that a place stays two: the loan's lowest 16 bits are enough to tell it from those that follow.
/// </remarks>
internal readonly record struct BufferRef
{
    private const int LoanBits = 16;

    private readonly long _offsetAndLoan;

    public BufferRef(DeviceBuffer buffer, long offset)
        : this(buffer, offset, buffer.Loan)
    {
    }

    private BufferRef(DeviceBuffer buffer, long offset, int loan)
    {
        Buffer = buffer;
        _offsetAndLoan = (offset << LoanBits) | (ushort)loan;
    }

    public DeviceBuffer Buffer { get; }

    public long Offset => _offsetAndLoan >> LoanBits;

    /// <summary>Whether the buffer is still lent to whom it was lent to when the place was taken.</summary>
    public bool IsHeld => (ushort)Buffer.Loan == (ushort)_offsetAndLoan;

    /// <summary>The place some elements further on.</summary>
    public BufferRef Skip(long elements) => new(Buffer, Offset + elements, (ushort)_offsetAndLoan);
}
