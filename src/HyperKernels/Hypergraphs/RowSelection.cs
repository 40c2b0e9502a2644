namespace HyperKernels;

/// <summary>Some rows of many, in an order of their own, and the way back. Immutable; lives outside scopes until it is disposed.</summary>
public sealed class RowSelection : IDisposable
{
    private readonly int[] _ids;
    private readonly Tensor _idsOnDevice;

    internal RowSelection(int[] ids, int sourceCount, Device device)
    {
        _ids = ids;
        SourceCount = sourceCount;
        _idsOnDevice = SegmentIndex.Upload(ids, device);
    }

    /// <summary>For each selected row its number among all.</summary>
    public ReadOnlySpan<int> Ids => _ids;

    /// <summary>How many rows are selected.</summary>
    public int Count => _ids.Length;

    /// <summary>How many rows they are selected of.</summary>
    public int SourceCount { get; }

    /// <summary>Picks the selected rows.</summary>
    /// <param name="x">Floats or integers, <c>[SourceCount, ...]</c>; any number of further axes.</param>
    /// <returns><c>[Count, ...]</c>.</returns>
    /// <exception cref="ArgumentException">x has another number of rows, or is on another device.</exception>
    /// <remarks>Differentiable in x, any number of times.</remarks>
    public Tensor Apply(Tensor x)
    {
        if (x.Rank == 0 || x.Shape[0] != SourceCount)
        {
            Throw.Argument($"RowSelection: the tensor must have {SourceCount} rows, which {Count} are selected of; it is {x.Shape}.");
        }
        return Ops.GatherRows(x, _idsOnDevice);
    }

    /// <summary>Puts rows back where they were selected; the rows that were not get zeros, and one selected twice gets the sum.</summary>
    /// <param name="x">Floats, <c>[Count, ...]</c>.</param>
    /// <returns><c>[SourceCount, ...]</c>.</returns>
    /// <exception cref="ArgumentException">x has another number of rows, or is on another device.</exception>
    /// <remarks>Differentiable in x, any number of times.</remarks>
    public Tensor Undo(Tensor x)
    {
        if (x.Rank == 0 || x.Shape[0] != Count)
        {
            Throw.Argument($"RowSelection: the tensor must have the {Count} rows that are selected; it is {x.Shape}.");
        }
        return Ops.ScatterAddRows(x, _idsOnDevice, SourceCount);
    }

    /// <summary>Disposes of the index tensor; disposing twice does nothing.</summary>
    public void Dispose() => _idsOnDevice.Dispose();
}
