using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    // Elements of one partial sum along the axis: short, so that a float's rounding errors do not add up, and long enough to keep the
    // second pass cheap.
    private const int RowPiece = 4096;
    private const int ColumnPiece = 256;

    public void Reduce(ReduceOp op, int outer, int axis, int inner, BufferRef x, BufferRef? center, float scale, BufferRef y)
    {
        float* source = Floats(x);
        float* destination = Floats(y);
        switch (op)
        {
            case ReduceOp.Sum:
                Reduce<SumReduction, SumReduction>(outer, axis, inner, source, null, scale, destination);
                break;
            case ReduceOp.SumAbs:
                Reduce<SumAbsReduction, SumReduction>(outer, axis, inner, source, null, scale, destination);
                break;
            case ReduceOp.SumSquares:
                Reduce<SumSquaresReduction, SumReduction>(outer, axis, inner, source, null, scale, destination);
                break;
            case ReduceOp.SumSquaredDeviations:
                Reduce<SumSquaredDeviationsReduction, SumReduction>(outer, axis, inner, source, Floats(center!.Value), scale, destination);
                break;
            case ReduceOp.SumExp:
                Reduce<SumExpReduction, SumReduction>(outer, axis, inner, source, Floats(center!.Value), scale, destination);
                break;
            case ReduceOp.Max:
                Reduce<MaxReduction, MaxReduction>(outer, axis, inner, source, null, scale, destination);
                break;
            case ReduceOp.Min:
                Reduce<MinReduction, MinReduction>(outer, axis, inner, source, null, scale, destination);
                break;
            default:
                throw Throw.Undefined(nameof(Reduce), op);
        }
    }

    /// <summary>Reduces pieces of the axis with the first reduction, and the results of those with the second, until one is left.</summary>
    private void Reduce<TFirst, TThen>(int outer, int axis, int inner, float* x, float* center, float scale, float* y)
        where TFirst : struct, IReduction
        where TThen : struct, IReduction
    {
        if (outer == 0 || inner == 0)
        {
            return;
        }
        int piece = inner == 1 ? RowPiece : ColumnPiece;
        if (axis <= piece)
        {
            Pieces<TFirst>(outer, axis, axis, inner, x, center, scale, y);
            return;
        }
        int pieces = (axis + piece - 1) / piece;
        float[] rented = ArrayPool<float>.Shared.Rent(checked(outer * pieces * inner));
        fixed (float* partial = rented)
        {
            Pieces<TFirst>(outer, axis, piece, inner, x, center, 1, partial);
            Reduce<TThen, TThen>(outer, pieces, inner, partial, null, scale, y);
        }
        ArrayPool<float>.Shared.Return(rented);
    }

    private void Pieces<TReduction>(int outer, int axis, int piece, int inner, float* x, float* center, float scale, float* y)
        where TReduction : struct, IReduction
    {
        int pieces = piece == 0 ? 1 : (axis + piece - 1) / piece;
        if (inner == 1)
        {
            // Several short rows to a tile, or one piece of a long row.
            int perTile = Math.Max(1, TileElements / Math.Max(1, piece));
            RowReduceTiles<TReduction> rows = new()
            {
                Count = checked(outer * pieces),
                PerTile = perTile,
                Axis = axis,
                Piece = piece,
                Pieces = pieces,
                X = x,
                Center = center,
                Scale = scale,
                Y = y,
            };
            _threads.For(VectorWidth, (rows.Count + perTile - 1) / perTile, ref rows);
            return;
        }
        ColumnReduceTiles<TReduction> columns = new()
        {
            Blocks = (inner + ColumnReduceTiles<TReduction>.BlockColumns - 1) / ColumnReduceTiles<TReduction>.BlockColumns,
            Axis = axis,
            Inner = inner,
            Piece = piece,
            Pieces = pieces,
            X = x,
            Center = center,
            Scale = scale,
            Y = y,
        };
        long jobs = (long)outer * pieces * columns.Blocks;
        long elements = (long)Math.Max(1, piece) * Math.Min(inner, ColumnReduceTiles<TReduction>.BlockColumns);
        columns.Jobs = jobs;
        columns.PerTile = (int)Math.Max(1, TileElements / elements);
        _threads.For(VectorWidth, checked((int)((jobs + columns.PerTile - 1) / columns.PerTile)), ref columns);
    }

    /// <summary>What is done with each element and how two results become one.</summary>
    private interface IReduction
    {
        static abstract float Empty { get; }

        static abstract TVec Step<TVec>(TVec sum, TVec x, TVec center)
            where TVec : struct, IVec<TVec>;

        static abstract TVec Join<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec>;

        static abstract float Across<TVec>(TVec a)
            where TVec : struct, IVec<TVec>;
    }

    private struct RowReduceTiles<TReduction> : ITiles
        where TReduction : struct, IReduction
    {
        public int Count;
        public int PerTile;
        public int Axis;
        public int Piece;
        public int Pieces;
        public float* X;
        public float* Center;
        public float Scale;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int end = Math.Min(Count, (tile + 1) * PerTile);
            for (int i = tile * PerTile; i < end; i++)
            {
                int row = i / Pieces;
                int start = (i - (row * Pieces)) * Piece;
                float center = Center == null ? 0 : Center[row];
                Y[i] = Scale * Row<TVec>(X + ((long)row * Axis) + start, Math.Min(Piece, Axis - start), center);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static float Row<TVec>(float* x, int count, float centerValue)
            where TVec : struct, IVec<TVec>
        {
            TVec center = TVec.Create(centerValue);
            TVec empty = TVec.Create(TReduction.Empty);
            TVec sum = empty;
            int i = 0;
            if (count >= 4 * TVec.Count)
            {
                // Four chains, because an addition takes four times as long as it occupies its unit.
                TVec second = empty;
                TVec third = empty;
                TVec fourth = empty;
                for (; i <= count - (4 * TVec.Count); i += 4 * TVec.Count)
                {
                    sum = TReduction.Step(sum, TVec.Load(x + i), center);
                    second = TReduction.Step(second, TVec.Load(x + i + TVec.Count), center);
                    third = TReduction.Step(third, TVec.Load(x + i + (2 * TVec.Count)), center);
                    fourth = TReduction.Step(fourth, TVec.Load(x + i + (3 * TVec.Count)), center);
                }
                sum = TReduction.Join(TReduction.Join(sum, second), TReduction.Join(third, fourth));
            }
            for (; i <= count - TVec.Count; i += TVec.Count)
            {
                sum = TReduction.Step(sum, TVec.Load(x + i), center);
            }
            if (i < count)
            {
                // The lanes behind the end keep what they have.
                int rest = count - i;
                TVec present = TVec.LessThan(TVec.Zero, TVec.LoadPartial(Ones, rest));
                sum = TVec.Select(present, TReduction.Step(sum, TVec.LoadPartial(x + i, rest), center), sum);
            }
            return TReduction.Across(sum);
        }

        // Constant data of the assembly, which never moves.
        private static float* Ones => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(OnesData));

        private static ReadOnlySpan<float> OnesData => [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    }

    private struct ColumnReduceTiles<TReduction> : ITiles
        where TReduction : struct, IReduction
    {
        // Four registers of the widest kind: each row's piece is whole cache lines.
        public const int BlockColumns = 64;

        public long Jobs;
        public int PerTile;
        public int Blocks;
        public int Axis;
        public int Inner;
        public int Piece;
        public int Pieces;
        public float* X;
        public float* Center;
        public float Scale;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            long end = Math.Min(Jobs, (tile + 1L) * PerTile);
            for (long job = (long)tile * PerTile; job < end; job++)
            {
                (long group, long block) = Math.DivRem(job, Blocks);
                (long row, long piece) = Math.DivRem(group, Pieces);
                long start = piece * Piece;
                int rows = (int)Math.Min(Piece, Axis - start);
                int first = (int)block * BlockColumns;
                int last = Math.Min(Inner, first + BlockColumns);
                float* x = X + (((row * Axis) + start) * Inner);
                float* y = Y + (group * Inner);
                float* center = Center == null ? null : Center + (row * Inner);
                int column = first;
                for (; column <= last - (4 * TVec.Count); column += 4 * TVec.Count)
                {
                    Four<TVec>(x + column, rows, center == null ? null : center + column, y + column);
                }
                for (; column < last; column += TVec.Count)
                {
                    One<TVec>(x + column, rows, center == null ? null : center + column, y + column, Math.Min(TVec.Count, last - column));
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Four<TVec>(float* x, int rows, float* center, float* y)
            where TVec : struct, IVec<TVec>
        {
            int inner = Inner;
            TVec empty = TVec.Create(TReduction.Empty);
            TVec a = empty;
            TVec b = empty;
            TVec c = empty;
            TVec d = empty;
            TVec centerA = center == null ? TVec.Zero : TVec.Load(center);
            TVec centerB = center == null ? TVec.Zero : TVec.Load(center + TVec.Count);
            TVec centerC = center == null ? TVec.Zero : TVec.Load(center + (2 * TVec.Count));
            TVec centerD = center == null ? TVec.Zero : TVec.Load(center + (3 * TVec.Count));
            for (int row = 0; row < rows; row++, x += inner)
            {
                a = TReduction.Step(a, TVec.Load(x), centerA);
                b = TReduction.Step(b, TVec.Load(x + TVec.Count), centerB);
                c = TReduction.Step(c, TVec.Load(x + (2 * TVec.Count)), centerC);
                d = TReduction.Step(d, TVec.Load(x + (3 * TVec.Count)), centerD);
            }
            TVec scale = TVec.Create(Scale);
            (a * scale).Store(y);
            (b * scale).Store(y + TVec.Count);
            (c * scale).Store(y + (2 * TVec.Count));
            (d * scale).Store(y + (3 * TVec.Count));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void One<TVec>(float* x, int rows, float* center, float* y, int count)
            where TVec : struct, IVec<TVec>
        {
            int inner = Inner;
            TVec sum = TVec.Create(TReduction.Empty);
            TVec centers = center == null ? TVec.Zero : TVec.LoadPartial(center, count);
            for (int row = 0; row < rows; row++, x += inner)
            {
                sum = TReduction.Step(sum, TVec.LoadPartial(x, count), centers);
            }
            (sum * TVec.Create(Scale)).StorePartial(y, count);
        }
    }
}
