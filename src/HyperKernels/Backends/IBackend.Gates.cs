namespace HyperKernels.Backends;

/// <summary>The gates of a long short-term memory: rows of features, and where in a row's gates each gate begins.</summary>
internal struct LstmSizes
{
    public int Rows;
    public int Features;

    /// <summary>Elements from one row's gates to the next one's.</summary>
    public long RowGates;

    /// <summary>Elements from one row of the memory to the next.</summary>
    public long RowCell;

    /// <summary>From the start of a row's gates, which the input gate is, to each of the others.</summary>
    public long Forget;
    public long Candidate;
    public long Output;

    /// <summary>Added to the forget gate.</summary>
    public float ForgetBias;

    public readonly long Count => (long)Rows * Features;

    /// <summary>How far the last row's gates reach.</summary>
    public readonly long GatesReach => Math.Max(Math.Max(Forget, Candidate), Output) + Features;
}

/// <summary>The gates of recurrent cells.</summary>
internal interface IGatesBackend
{
    /// <summary>
    /// With s the logistic function: <c>newCell = s(forget + ForgetBias) cell + s(input) tanh(candidate)</c>, <c>opened = s(output)</c>. Both are dense [Rows, Features], and
    /// so are the three that saved holds for the gradient, where it is there: s(input), s(forget + ForgetBias), tanh(candidate).
    /// </summary>
    void LstmGates(in LstmSizes sizes, BufferRef gates, BufferRef cell, BufferRef newCell, BufferRef opened, BufferRef? saved);

    /// <summary>
    /// The gradients with respect to the gates, which lie as sizes say, and to the old memory, dense, from those of what <see cref="LstmGates"/> wrote, dense.
    /// </summary>
    void LstmGatesGradient(
        in LstmSizes sizes, BufferRef saved, BufferRef opened, BufferRef cell, BufferRef newCellGradient, BufferRef openedGradient, BufferRef gates, BufferRef cellGradient);
}
