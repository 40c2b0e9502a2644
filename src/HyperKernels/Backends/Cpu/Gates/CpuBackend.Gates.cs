using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    // Five functions an element.
    private const int GateTile = TileElements / 8;

    public void LstmGates(in LstmSizes sizes, BufferRef gates, BufferRef cell, BufferRef newCell, BufferRef opened, BufferRef? saved)
    {
        LstmSizes merged = Merged(sizes);
        LstmTiles tiles = new()
        {
            Plan = new RowPlan(merged.Count, merged.Features, GateTile),
            Sizes = merged,
            Gates = Floats(gates),
            Cell = Floats(cell),
            NewCell = Floats(newCell),
            Opened = Floats(opened),
            Saved = FloatsOrNull(saved),
        };
        _threads.For(VectorWidth, tiles.Plan.Tiles, ref tiles);
    }

    public void LstmGatesGradient(
        in LstmSizes sizes, BufferRef saved, BufferRef opened, BufferRef cell, BufferRef newCellGradient, BufferRef openedGradient, BufferRef gates, BufferRef cellGradient)
    {
        LstmSizes merged = Merged(sizes);
        LstmGradientTiles tiles = new()
        {
            Plan = new RowPlan(merged.Count, merged.Features, GateTile),
            Sizes = merged,
            Saved = Floats(saved),
            Opened = Floats(opened),
            Cell = Floats(cell),
            NewCellGradient = Floats(newCellGradient),
            OpenedGradient = Floats(openedGradient),
            Gates = Floats(gates),
            CellGradient = Floats(cellGradient),
        };
        _threads.For(VectorWidth, tiles.Plan.Tiles, ref tiles);
    }

    // Rows without gaps are one long row.
    private static LstmSizes Merged(LstmSizes sizes)
    {
        if (sizes.RowGates == sizes.Features && sizes.RowCell == sizes.Features && sizes.Count <= int.MaxValue)
        {
            (sizes.Features, sizes.Rows) = ((int)sizes.Count, 1);
        }
        return sizes;
    }

    private struct LstmTiles : ITiles
    {
        public RowPlan Plan;
        public LstmSizes Sizes;
        public float* Gates;
        public float* Cell;
        public float* NewCell;
        public float* Opened;
        public float* Saved;

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            (long first, long last, int start, int end) = Plan.Range(tile);
            // Stays in the first cache.
            const int Piece = 256;
            float* scratch = stackalloc float[3 * Piece];
            for (long row = first; row < last; row++)
            {
                for (int i = start; i < end; i += Piece)
                {
                    int count = Math.Min(Piece, end - i);
                    long place = (row * Sizes.Features) + i;
                    float* factors = Saved == null ? scratch : Saved + place;
                    One<TVec>(Gates + (row * Sizes.RowGates) + i, Cell + (row * Sizes.RowCell) + i, factors, Saved == null ? Piece : Sizes.Count, place, count);
                }
            }
        }

        // A function at a time: four of them in one loop are more than the compiler keeps in registers, and twice as slow.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void One<TVec>(float* gates, float* cell, float* input, long step, long place, int count)
            where TVec : struct, IVec<TVec>
        {
            float* kept = input + step;
            float* candidate = kept + step;
            float* newCell = NewCell + place;
            Apply<TVec, SigmoidMap>(gates, input, count, 0);
            Apply<TVec, ShiftedSigmoidMap>(gates + Sizes.Forget, kept, count, Sizes.ForgetBias);
            Apply<TVec, TanhMap>(gates + Sizes.Candidate, candidate, count, 0);
            Apply<TVec, SigmoidMap>(gates + Sizes.Output, Opened + place, count, 0);
            int i = 0;
            for (; i <= count - TVec.Count; i += TVec.Count)
            {
                TVec written = TVec.Load(input + i) * TVec.Load(candidate + i);
                TVec.MultiplyAdd(TVec.Load(kept + i), TVec.Load(cell + i), written).Store(newCell + i);
            }
            if (i < count)
            {
                int rest = count - i;
                TVec written = TVec.LoadPartial(input + i, rest) * TVec.LoadPartial(candidate + i, rest);
                TVec.MultiplyAdd(TVec.LoadPartial(kept + i, rest), TVec.LoadPartial(cell + i, rest), written).StorePartial(newCell + i, rest);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Apply<TVec, TMap>(float* from, float* to, int count, float parameter)
            where TVec : struct, IVec<TVec>
            where TMap : struct, IMap => MapRow<TVec, TMap>(from, from, from, to, count, parameter, 0);

        private readonly struct ShiftedSigmoidMap : IMap
        {
            public static int Operands => 1;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
                where TVec : struct, IVec<TVec> => VecMath.Sigmoid(a + p);
        }
    }

    private struct LstmGradientTiles : ITiles
    {
        public RowPlan Plan;
        public LstmSizes Sizes;
        public float* Saved;
        public float* Opened;
        public float* Cell;
        public float* NewCellGradient;
        public float* OpenedGradient;
        public float* Gates;
        public float* CellGradient;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            (long first, long last, int start, int end) = Plan.Range(tile);
            for (long row = first; row < last; row++)
            {
                float* gates = Gates + (row * Sizes.RowGates);
                float* cell = Cell + (row * Sizes.RowCell);
                long place = row * Sizes.Features;
                int i = start;
                for (; i <= end - TVec.Count; i += TVec.Count)
                {
                    One<TVec>(gates + i, cell + i, place + i, TVec.Count);
                }
                if (i < end)
                {
                    One<TVec>(gates + i, cell + i, place + i, end - i);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void One<TVec>(float* gates, float* cell, long place, int count)
            where TVec : struct, IVec<TVec>
        {
            long step = Sizes.Count;
            TVec one = TVec.Create(1);
            TVec input = LoadLanes<TVec>(Saved + place, count);
            TVec kept = LoadLanes<TVec>(Saved + step + place, count);
            TVec candidate = LoadLanes<TVec>(Saved + (2 * step) + place, count);
            TVec opened = LoadLanes<TVec>(Opened + place, count);
            TVec gradient = LoadLanes<TVec>(NewCellGradient + place, count);
            StoreLanes(gradient * candidate * (input * (one - input)), gates, count);
            StoreLanes(gradient * LoadLanes<TVec>(cell, count) * (kept * (one - kept)), gates + Sizes.Forget, count);
            StoreLanes(gradient * input * (one - (candidate * candidate)), gates + Sizes.Candidate, count);
            StoreLanes(LoadLanes<TVec>(OpenedGradient + place, count) * (opened * (one - opened)), gates + Sizes.Output, count);
            StoreLanes(gradient * kept, CellGradient + place, count);
        }
    }
}
