using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Copy(in Broadcast sizes, BufferRef source, BufferRef destination)
    {
        if (sizes.Count == 0)
        {
            return;
        }
        if (TransposeTiles.TryPlan(sizes, Ints(source), Ints(destination), out TransposeTiles transpose))
        {
            _threads.For(VectorWidth, transpose.Tiles, ref transpose);
            return;
        }
        CopyTiles tiles = new()
        {
            Plan = new RowPlan(sizes, TileElements),
            Sizes = sizes,
            Source = Ints(source),
            Destination = Ints(destination),
        };
        _threads.For(VectorWidth, tiles.Plan.Tiles, ref tiles);
    }

    private struct CopyTiles : ITiles
    {
        public RowPlan Plan;
        public Broadcast Sizes;
        public int* Source;
        public int* Destination;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int inner = Sizes.Rank - 1;
            long stepFrom = Sizes.StrideA[inner];
            long stepTo = Sizes.StrideB[inner];
            (long firstRow, long lastRow, int start, int end) = Plan.Range(tile);
            for (long row = firstRow; row < lastRow; row++)
            {
                long from = start * stepFrom;
                long to = start * stepTo;
                long rest = row;
                for (int axis = inner - 1; axis >= 0; axis--)
                {
                    (rest, long index) = Math.DivRem(rest, Sizes.Sizes[axis]);
                    from += index * Sizes.StrideA[axis];
                    to += index * Sizes.StrideB[axis];
                }
                int count = end - start;
                if (stepFrom == 1 && stepTo == 1)
                {
                    new ReadOnlySpan<int>(Source + from, count).CopyTo(new Span<int>(Destination + to, count));
                    continue;
                }
                if (stepFrom == 0 && stepTo == 1)
                {
                    new Span<int>(Destination + to, count).Fill(Source[from]);
                    continue;
                }
                for (int i = 0; i < count; i++)
                {
                    Destination[to + (i * stepTo)] = Source[from + (i * stepFrom)];
                }
            }
        }
    }
}
