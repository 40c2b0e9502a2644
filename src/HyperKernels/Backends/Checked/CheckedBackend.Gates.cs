namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void LstmGates(in LstmSizes sizes, BufferRef gates, BufferRef cell, BufferRef newCell, BufferRef opened, BufferRef? saved)
    {
        Check(gates, Reach(sizes.Rows, sizes.RowGates, sizes.GatesReach));
        Check(cell, Reach(sizes.Rows, sizes.RowCell, sizes.Features));
        Check(newCell, sizes.Count);
        Check(opened, sizes.Count);
        Check(saved, 3 * sizes.Count);
        using Loan loan = Hold(newCell, opened);
        using Loan ofSaved = Hold(saved, null);
        Target.LstmGates(sizes, gates, cell, newCell, opened, saved);
        Keep(gates, cell, newCell, opened, saved);
    }

    public void LstmGatesGradient(
        in LstmSizes sizes, BufferRef saved, BufferRef opened, BufferRef cell, BufferRef newCellGradient, BufferRef openedGradient, BufferRef gates, BufferRef cellGradient)
    {
        Check(saved, 3 * sizes.Count);
        Check(opened, sizes.Count);
        Check(cell, Reach(sizes.Rows, sizes.RowCell, sizes.Features));
        Check(newCellGradient, sizes.Count);
        Check(openedGradient, sizes.Count);
        Check(gates, Reach(sizes.Rows, sizes.RowGates, sizes.GatesReach));
        Check(cellGradient, sizes.Count);
        using Loan loan = Hold(gates, cellGradient);
        Target.LstmGatesGradient(sizes, saved, opened, cell, newCellGradient, openedGradient, gates, cellGradient);
        Keep(saved, opened, cell, newCellGradient, openedGradient, gates, cellGradient);
    }
}
