using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    public void LstmGates(in LstmSizes sizes, BufferRef gates, BufferRef cell, BufferRef newCell, BufferRef opened, BufferRef? saved)
    {
        LstmArguments arguments = Arguments(sizes, gates, cell, newCell, opened);
        arguments.Saved = Floats(saved);
        ForEach(GatesKernels.Lstm, sizes.Count, arguments);
    }

    public void LstmGatesGradient(
        in LstmSizes sizes, BufferRef saved, BufferRef opened, BufferRef cell, BufferRef newCellGradient, BufferRef openedGradient, BufferRef gates, BufferRef cellGradient)
    {
        LstmArguments arguments = Arguments(sizes, gates, cell, newCellGradient, opened);
        arguments.Saved = Floats(saved);
        arguments.OpenedGradient = Floats(openedGradient);
        arguments.CellGradient = Floats(cellGradient);
        ForEach(GatesKernels.LstmGradient, sizes.Count, arguments);
    }

    private static LstmArguments Arguments(in LstmSizes sizes, BufferRef gates, BufferRef cell, BufferRef newCell, BufferRef opened) => new()
    {
        Count = sizes.Count,
        Features = sizes.Features,
        RowGates = sizes.RowGates,
        RowCell = sizes.RowCell,
        Forget = sizes.Forget,
        Candidate = sizes.Candidate,
        Output = sizes.Output,
        ForgetBias = sizes.ForgetBias,
        Gates = Floats(gates),
        Cell = Floats(cell),
        NewCell = Floats(newCell),
        Opened = Floats(opened),
    };
}
