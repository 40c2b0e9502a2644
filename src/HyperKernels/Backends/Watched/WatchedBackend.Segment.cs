namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void SegmentSum(
        in SegmentForm form, int features, int heads, BufferRef x, int xRows, long xStride, BufferRef? weights, BufferRef? inScale, BufferRef? outScale,
        BufferRef? pieceSums, BufferRef y)
    {
        SegmentForm given = form;
        Watch(new OpCall(
            nameof(SegmentSum),
            (on, at) => on.SegmentSum(At(given, at), features, heads, at[x], xRows, xStride, at[weights], at[inScale], at[outScale], at[pieceSums], at[y]),
            () => Structure(given)
                .Reads(nameof(x), x, Extent.Of((xRows, xStride), (features, 1)))
                .Reads(nameof(weights), weights, Extent.Dense(given.Slots, heads))
                .Reads(nameof(inScale), inScale, Extent.Dense(xRows))
                .Reads(nameof(outScale), outScale, Extent.Dense(given.Segments))
                .Scratch(nameof(pieceSums), pieceSums, (long)given.PieceCount * features)
                .Writes(nameof(y), y, Extent.Dense(given.Segments, features)))
        {
            Operations = () => 2.0 * given.Slots * features,
            SumSlope = 1,
        });
    }

    public void SegmentDot(
        int count, int features, int heads, BufferRef? rowsA, BufferRef? rowsB, BufferRef x, long xStride, BufferRef z, long zStride,
        BufferRef? scaleA, BufferRef? scaleB, BufferRef y) => Watch(new OpCall(
        nameof(SegmentDot),
        (on, at) => on.SegmentDot(count, features, heads, at[rowsA], at[rowsB], at[x], xStride, at[z], zStride, at[scaleA], at[scaleB], at[y]),
        () =>
        {
            Operands all = new Operands().Indices(nameof(rowsA), rowsA, count).Indices(nameof(rowsB), rowsB, count);
            AddRows(all, rowsA, nameof(x), x, xStride, features);
            AddRows(all, rowsB, nameof(z), z, zStride, features);
            AddRows(all, rowsA, nameof(scaleA), scaleA, 1, 1);
            AddRows(all, rowsB, nameof(scaleB), scaleB, 1, 1);
            return all.Writes(nameof(y), y, Extent.Dense(count, heads));

            // How many rows there are is not known where others name them.
            void AddRows(Operands to, BufferRef? rows, string name, BufferRef? place, long stride, int length)
            {
                if (place is { } given)
                {
                    _ = rows is null ? to.Reads(name, given, Extent.Of((count, stride), (length, 1))) : to.ReadsRows(name, given, (long)count * length);
                }
            }
        })
    {
        Operations = () => 2.0 * count * features,
        SumSlope = 1,
    });

    public void SegmentExtreme(Extreme kind, in SegmentForm form, int features, BufferRef values, BufferRef y, BufferRef argument)
    {
        SegmentForm given = form;
        Watch(new OpCall(
            Named<Extreme>.Of(nameof(SegmentExtreme), kind),
            (on, at) => on.SegmentExtreme(kind, At(given, at), features, at[values], at[y], at[argument]),
            () => Structure(given)
                .Reads(nameof(values), values, Extent.Dense(given.Slots, features))
                .Writes(nameof(y), y, Extent.Dense(given.Segments, features))
                .WritesIndices(nameof(argument), argument, Extent.Dense(given.Segments, features)))
        { Operations = () => (double)given.Slots * features });
    }

    public void SegmentPick(bool spread, int segments, int features, BufferRef argument, BufferRef x, BufferRef y) => Watch(new OpCall(
        nameof(SegmentPick),
        (on, at) => on.SegmentPick(spread, segments, features, at[argument], at[x], at[y]),
        () =>
        {
            long count = (long)segments * features;
            Operands all = new Operands().Indices(nameof(argument), argument, count);
            // Spread writes here and there, over zeros, to places that the arguments name.
            return spread
                ? all.Reads(nameof(x), x, Extent.Dense(segments, features)).WritesIndices(nameof(y), y, Extent.Dense((y.Buffer.RequestedBytes / sizeof(float)) - y.Offset))
                : all.ReadsRows(nameof(x), x, count).Writes(nameof(y), y, Extent.Dense(segments, features));
        }));

    public void SegmentSoftmax(in SegmentForm form, int columns, BufferRef x, BufferRef? gradient, BufferRef y)
    {
        SegmentForm given = form;
        Watch(new OpCall(
            nameof(SegmentSoftmax),
            (on, at) => on.SegmentSoftmax(At(given, at), columns, at[x], at[gradient], at[y]),
            () =>
            {
                Extent all = Extent.Dense(given.Slots, columns);
                return Structure(given).Reads(nameof(x), x, all).Reads(nameof(gradient), gradient, all).Writes(nameof(y), y, all);
            })
        { Operations = () => 4.0 * given.Slots * columns });
    }

    private static Operands Structure(in SegmentForm form) => new Operands()
        .Indices("offsets", form.Offsets, form.Segments + 1L)
        .Indices("rows", form.Rows, form.Slots)
        .Indices("positions", form.Positions, form.Slots)
        .Indices("pieces", form.Pieces, 3L * form.PieceCount)
        .Indices("firstPieces", form.FirstPieces, form.LongCount + 1L);

    private static SegmentForm At(in SegmentForm form, Places at) => form with
    {
        Offsets = at[form.Offsets],
        Rows = at[form.Rows],
        Positions = at[form.Positions],
        Pieces = at[form.Pieces],
        FirstPieces = at[form.FirstPieces],
    };
}
