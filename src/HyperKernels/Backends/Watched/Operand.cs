namespace HyperKernels.Backends.Watched;

/// <summary>What an op does with an operand.</summary>
internal enum OperandUse
{
    Reads,
    Writes,

    /// <summary>Reads and writes.</summary>
    Changes,

    /// <summary>Room for what comes up in between: what it holds afterwards means nothing.</summary>
    Scratch,
}

/// <summary>A tensor that an op reads or writes.</summary>
/// <param name="Name">As the backend's contract calls it.</param>
/// <param name="Place">Where it begins.</param>
/// <param name="Extent">Which elements it is.</param>
/// <param name="Use">What is done with it.</param>
/// <param name="IsIndex">Its elements are integers.</param>
/// <param name="Touched">How many elements the op reaches, where that is not all of the extent.</param>
internal sealed record Operand(string Name, BufferRef Place, Extent Extent, OperandUse Use = OperandUse.Reads, bool IsIndex = false, long? Touched = null)
{
    /// <summary>Bytes that have to be moved for it, each element once a direction.</summary>
    public long Bytes => sizeof(float) * (Touched ?? Extent.Distinct) * (Use == OperandUse.Changes ? 2 : 1);

    /// <summary>Whether the op leaves a result in it.</summary>
    public bool IsResult => Use is OperandUse.Writes or OperandUse.Changes;
}

/// <summary>The operands of a call; those that are absent are left out.</summary>
internal sealed class Operands
{
    private readonly List<Operand> _all = [];

    public IReadOnlyList<Operand> All => _all;

    public Operands Reads(string name, BufferRef? place, Extent extent) => Add(name, place, extent, OperandUse.Reads, isIndex: false);

    /// <summary>Rows that indices name: how many there are is not known, so that all of the buffer from the place on counts as the operand.</summary>
    public Operands ReadsRows(string name, BufferRef place, long touched)
    {
        _all.Add(new Operand(name, place, Extent.Dense((place.Buffer.RequestedBytes / sizeof(float)) - place.Offset), Touched: touched));
        return this;
    }

    public Operands Indices(string name, BufferRef? place, long count) => Add(name, place, Extent.Dense(count), OperandUse.Reads, isIndex: true);

    public Operands Writes(string name, BufferRef? place, Extent extent) => Add(name, place, extent, OperandUse.Writes, isIndex: false);

    public Operands WritesIndices(string name, BufferRef? place, Extent extent) => Add(name, place, extent, OperandUse.Writes, isIndex: true);

    public Operands Changes(string name, BufferRef? place, Extent extent) => Add(name, place, extent, OperandUse.Changes, isIndex: false);

    public Operands Scratch(string name, BufferRef? place, long count) => Add(name, place, Extent.Dense(count), OperandUse.Scratch, isIndex: false);

    private Operands Add(string name, BufferRef? place, Extent extent, OperandUse use, bool isIndex)
    {
        if (place is { } given)
        {
            _all.Add(new Operand(name, given, extent, use, isIndex));
        }
        return this;
    }
}
