using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void Pool(PoolOp op, in PoolSizes sizes, BufferRef x, BufferRef y, BufferRef? places)
    {
        CheckPlanes(sizes, x, y);
        Check(places, (long)sizes.Planes * sizes.OutPixels);
        using Loan loan = Hold(op is PoolOp.MaxScatter or PoolOp.AverageSpread ? x : y, places);
        Target.Pool(op, sizes, x, y, places);
        Keep(x, y, places);
    }

    public void Resize(ResizeMode mode, bool adjoint, in PoolSizes sizes, BufferRef x, BufferRef y)
    {
        CheckPlanes(sizes, x, y);
        using Loan loan = Hold(adjoint ? x : y);
        Target.Resize(mode, adjoint, sizes, x, y);
        Keep(x, y);
    }

    public void GridSample(GridPart part, bool adjoint, in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y)
    {
        CheckGrid(sizes, image, grid, y);
        using Loan loan = Hold(adjoint ? image : y);
        Target.GridSample(part, adjoint, sizes, image, grid, y);
        Keep(image, grid, y);
    }

    public void GridGradient(in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y, BufferRef gradient)
    {
        CheckGrid(sizes, image, grid, y);
        Check(gradient, 2L * sizes.Images * sizes.Samples);
        using Loan loan = Hold(gradient);
        Target.GridGradient(sizes, image, grid, y, gradient);
        Keep(image, grid, y, gradient);
    }

    private void CheckPlanes(in PoolSizes sizes, BufferRef x, BufferRef y, [CallerMemberName] string op = "")
    {
        Check(x, sizes.Planes * ((long)sizes.Height * sizes.Width), op: op);
        Check(y, sizes.Planes * ((long)sizes.OutHeight * sizes.OutWidth), op: op);
    }

    private void CheckGrid(in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y, [CallerMemberName] string op = "")
    {
        Check(image, (long)sizes.Images * sizes.Channels * sizes.Height * sizes.Width, op: op);
        Check(grid, 2L * sizes.Images * sizes.Samples, op: op);
        Check(y, (long)sizes.Images * sizes.Channels * sizes.Samples, op: op);
    }
}
