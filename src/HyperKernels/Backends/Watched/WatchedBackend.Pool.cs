namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void Pool(PoolOp op, in PoolSizes sizes, BufferRef x, BufferRef y, BufferRef? places)
    {
        PoolSizes given = sizes;
        Watch(new OpCall(
            Named<PoolOp>.Of(nameof(Pool), op),
            (on, at) => on.Pool(op, given, at[x], at[y], at[places]),
            () =>
            {
                Extent windows = Extent.Dense(given.Planes, given.OutHeight, given.OutWidth);
                Operands all = Between(new Operands(), op is PoolOp.MaxScatter or PoolOp.AverageSpread,
                    (nameof(x), x, Extent.Dense(given.Planes, given.Height, given.Width)), (nameof(y), y, windows));
                return op == PoolOp.Max ? all.Writes(nameof(places), places, windows) : all.Reads(nameof(places), places, windows);
            })
        {
            Operations = () => (double)given.Planes * (op is PoolOp.Max or PoolOp.Average ? given.Pixels : given.OutPixels),
            SumSlope = op is PoolOp.Average or PoolOp.AverageSpread or PoolOp.MaxScatter ? 1 : null,
        });
    }

    public void Resize(ResizeMode mode, bool adjoint, in PoolSizes sizes, BufferRef x, BufferRef y)
    {
        PoolSizes given = sizes;
        Watch(new OpCall(
            adjoint ? "Resize Adjoint" : nameof(Resize),
            (on, at) => on.Resize(mode, adjoint, given, at[x], at[y]),
            () => Between(new Operands(), adjoint,
                (nameof(x), x, Extent.Dense(given.Planes, given.Height, given.Width)), (nameof(y), y, Extent.Dense(given.Planes, given.OutHeight, given.OutWidth))))
        {
            Operations = () => 7.0 * given.Planes * given.OutPixels,
            SumSlope = 1,
        });
    }

    public void GridSample(GridPart part, bool adjoint, in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y)
    {
        GridSizes given = sizes;
        Watch(new OpCall(
            adjoint ? "GridSample Adjoint" : nameof(GridSample),
            (on, at) => on.GridSample(part, adjoint, given, at[image], at[grid], at[y]),
            () => Between(new Operands().Reads(nameof(grid), grid, Extent.Dense(given.Images, given.Samples, 2)), adjoint,
                (nameof(image), image, Extent.Dense(given.Images, given.Channels, given.Height, given.Width)),
                (nameof(y), y, Extent.Dense(given.Images, given.Channels, given.Samples))))
        {
            Operations = () => 8.0 * given.Images * given.Channels * given.Samples,
            // Weights of derivatives have signs.
            SumSlope = part == GridPart.Value ? 1 : null,
            Factors = [adjoint ? nameof(y) : nameof(image)],
        });
    }

    public void GridGradient(in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y, BufferRef gradient)
    {
        GridSizes given = sizes;
        Watch(new OpCall(
            nameof(GridGradient),
            (on, at) => on.GridGradient(given, at[image], at[grid], at[y], at[gradient]),
            () => new Operands()
                .Reads(nameof(image), image, Extent.Dense(given.Images, given.Channels, given.Height, given.Width))
                .Reads(nameof(grid), grid, Extent.Dense(given.Images, given.Samples, 2))
                .Reads(nameof(y), y, Extent.Dense(given.Images, given.Channels, given.Samples))
                .Writes(nameof(gradient), gradient, Extent.Dense(given.Images, given.Samples, 2)))
        { Operations = () => 16.0 * given.Images * given.Channels * given.Samples });
    }
}
