namespace HyperKernels.IO;

/// <summary>Rows of numbers most of which are zero, compressed: row r has the values from <c>Offsets[r]</c> to before <c>Offsets[r + 1]</c>.</summary>
/// <param name="Width">The number of columns.</param>
/// <param name="Offsets">One more than there are rows, from 0, not falling.</param>
/// <param name="Columns">The column of each value, from 0 to below Width.</param>
/// <param name="Values">The values, as many as columns.</param>
public sealed record SparseRows(int Width, int[] Offsets, int[] Columns, float[] Values)
{
    /// <summary>The number of rows.</summary>
    public int Count => Offsets.Length - 1;

    /// <summary>Writes the rows out.</summary>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <returns><c>[Count, Width]</c>; values of the same place add up.</returns>
    /// <exception cref="InvalidOperationException">The parts do not fit each other, or written out the rows are more than an array holds.</exception>
    public Tensor ToTensor(Device? device = null)
    {
        if (Fault() is { } fault)
        {
            Throw.InvalidOperation($"SparseRows.ToTensor: {fault}.");
        }
        if ((long)Count * Width > Array.MaxLength)
        {
            Throw.InvalidOperation($"SparseRows.ToTensor: {Count} rows of {Width} are more numbers than an array holds, {Array.MaxLength:N0}.");
        }
        float[] dense = new float[Count * Width];
        for (int row = 0; row < Count; row++)
        {
            for (int i = Offsets[row]; i < Offsets[row + 1]; i++)
            {
                dense[(row * Width) + Columns[i]] += Values[i];
            }
        }
        return Tensor.From(dense, [Count, Width], device);
    }

    /// <summary>What is wrong with the parts, or null.</summary>
    internal string? Fault()
    {
        if (Offsets is null || Columns is null || Values is null || Width < 0)
        {
            return $"there must be offsets, columns and values, and a width of at least 0; the width is {Width}";
        }
        if (Offsets.Length == 0 || Offsets[0] != 0 || Offsets[^1] != Columns.Length || Columns.Length != Values.Length)
        {
            return $"offsets must run from 0 to the number of values, with a column each; got {Offsets.Length} offsets, {Columns.Length} columns and {Values.Length} values";
        }
        for (int row = 0; row < Count; row++)
        {
            if (Offsets[row + 1] < Offsets[row])
            {
                return $"offsets must not fall; row {row} ends before it begins";
            }
        }
        int bad = Array.FindIndex(Columns, column => (uint)column >= (uint)Width);
        return bad < 0 ? null : $"columns must be from 0 to below {Width}; value {bad} has {Columns[bad]}";
    }
}
