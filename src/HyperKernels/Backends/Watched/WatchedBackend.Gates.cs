namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void LstmGates(in LstmSizes sizes, BufferRef gates, BufferRef cell, BufferRef newCell, BufferRef opened, BufferRef? saved)
    {
        LstmSizes given = sizes;
        Watch(new OpCall(
            nameof(LstmGates),
            (on, at) => on.LstmGates(given, at[gates], at[cell], at[newCell], at[opened], at[saved]),
            () => new Operands()
                .Reads(nameof(gates), gates, Gates(given))
                .Reads(nameof(cell), cell, Extent.Of((given.Rows, given.RowCell), (given.Features, 1)))
                .Writes(nameof(newCell), newCell, Extent.Dense(given.Rows, given.Features))
                .Writes(nameof(opened), opened, Extent.Dense(given.Rows, given.Features))
                .Writes(nameof(saved), saved, Extent.Dense(3, given.Rows, given.Features)))
        { Operations = () => 8.0 * given.Count });
    }

    public void LstmGatesGradient(
        in LstmSizes sizes, BufferRef saved, BufferRef opened, BufferRef cell, BufferRef newCellGradient, BufferRef openedGradient, BufferRef gates, BufferRef cellGradient)
    {
        LstmSizes given = sizes;
        Watch(new OpCall(
            nameof(LstmGatesGradient),
            (on, at) => on.LstmGatesGradient(
                given, at[saved], at[opened], at[cell], at[newCellGradient], at[openedGradient], at[gates], at[cellGradient]),
            () => new Operands()
                .Reads(nameof(saved), saved, Extent.Dense(3, given.Rows, given.Features))
                .Reads(nameof(opened), opened, Extent.Dense(given.Rows, given.Features))
                .Reads(nameof(cell), cell, Extent.Of((given.Rows, given.RowCell), (given.Features, 1)))
                .Reads(nameof(newCellGradient), newCellGradient, Extent.Dense(given.Rows, given.Features))
                .Reads(nameof(openedGradient), openedGradient, Extent.Dense(given.Rows, given.Features))
                .Writes(nameof(gates), gates, Gates(given))
                .Writes(nameof(cellGradient), cellGradient, Extent.Dense(given.Rows, given.Features)))
        { Operations = () => 16.0 * given.Count });
    }

    // Four gates as far apart from each other: side by side in a row, or one behind the other.
    private static Extent Gates(in LstmSizes sizes) => Extent.Of((sizes.Rows, sizes.RowGates), (4, (sizes.GatesReach - sizes.Features) / 3), (sizes.Features, 1));
}
