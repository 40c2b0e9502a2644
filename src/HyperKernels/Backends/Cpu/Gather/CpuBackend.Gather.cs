using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    // Every tile of a scatter reads all indices, so few tiles are better; the number depends on sizes only.
    private const int MostScatterTiles = 16;
    private const int ScatterColumns = 64;

    public void GatherRows(BufferRef x, long rowStride, BufferRef indices, int count, int length, BufferRef y)
    {
        if (count == 0 || length == 0)
        {
            return;
        }
        GatherTiles tiles = new()
        {
            X = Ints(x),
            RowStride = rowStride,
            Indices = Ints(indices),
            Count = count,
            PerTile = Math.Max(1, TileElements / length),
            Length = length,
            Y = Ints(y),
        };
        _threads.For(VectorWidth, (count + tiles.PerTile - 1) / tiles.PerTile, ref tiles);
    }

    public void ScatterAddRows(BufferRef x, BufferRef indices, int count, int length, int rows, BufferRef y)
    {
        if (rows == 0 || length == 0)
        {
            return;
        }
        long work = Math.Max((long)rows, count) * length;
        int wanted = (int)Math.Clamp(work / TileElements, 1, MostScatterTiles);
        // A tile owns some columns of every target row, or all columns of some target rows: either way nobody else writes there.
        bool byColumns = length >= 2 * ScatterColumns;
        int perTile = byColumns
            ? ((length + wanted - 1) / wanted + ScatterColumns - 1) / ScatterColumns * ScatterColumns
            : (rows + wanted - 1) / wanted;
        int whole = byColumns ? length : rows;
        ScatterTiles tiles = new()
        {
            X = Floats(x),
            Indices = Ints(indices),
            Count = count,
            Length = length,
            Rows = rows,
            ByColumns = byColumns,
            PerTile = perTile,
            Y = Floats(y),
        };
        _threads.For(VectorWidth, (whole + perTile - 1) / perTile, ref tiles);
    }

    public void TakeAlong(bool adjoint, int outer, int axis, int count, int inner, BufferRef x, BufferRef indices, BufferRef y)
    {
        if (outer == 0 || (adjoint ? axis : count) == 0 || inner == 0)
        {
            return;
        }
        AlongTiles tiles = new()
        {
            Adjoint = adjoint,
            Outer = outer,
            Axis = axis,
            Count = count,
            Inner = inner,
            PerTile = (int)Math.Max(1, TileElements / Math.Max(1, (long)Math.Max(axis, count) * inner)),
            X = Floats(x),
            Indices = Ints(indices),
            Y = Floats(y),
        };
        _threads.For(VectorWidth, (outer + tiles.PerTile - 1) / tiles.PerTile, ref tiles);
    }

    private struct GatherTiles : ITiles
    {
        // Rows that are requested early.
        private const int RowsAhead = 16;

        public int* X;
        public long RowStride;
        public int* Indices;
        public int Count;
        public int PerTile;
        public int Length;
        public int* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int length = Length;
            int end = (int)Math.Min(Count, (tile + 1L) * PerTile);
            for (int i = tile * PerTile; i < end; i++)
            {
                if (i + RowsAhead < Count)
                {
                    Prefetch((float*)X + (Indices[i + RowsAhead] * RowStride), length);
                }
                int* from = X + (Indices[i] * RowStride);
                int* to = Y + ((long)i * length);
                if (length <= 4)
                {
                    for (int j = 0; j < length; j++)
                    {
                        to[j] = from[j];
                    }
                    continue;
                }
                new ReadOnlySpan<int>(from, length).CopyTo(new Span<int>(to, length));
            }
        }
    }

    private struct ScatterTiles : ITiles
    {
        public float* X;
        public int* Indices;
        public int Count;
        public int Length;
        public int Rows;
        public bool ByColumns;
        public int PerTile;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int first = tile * PerTile;
            int columns = ByColumns ? Math.Min(PerTile, Length - first) : Length;
            int column = ByColumns ? first : 0;
            int firstRow = ByColumns ? 0 : first;
            int rows = ByColumns ? Rows : Math.Min(PerTile, Rows - first);
            for (int row = firstRow; row < firstRow + rows; row++)
            {
                new Span<float>(Y + ((long)row * Length) + column, columns).Clear();
            }
            for (int i = 0; i < Count; i++)
            {
                int row = Indices[i];
                if ((uint)(row - firstRow) < (uint)rows)
                {
                    AddRow<TVec>(X + ((long)i * Length) + column, Y + ((long)row * Length) + column, columns);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void AddRow<TVec>(float* x, float* y, int count)
            where TVec : struct, IVec<TVec>
        {
            int i = 0;
            for (; i <= count - TVec.Count; i += TVec.Count)
            {
                (TVec.Load(y + i) + TVec.Load(x + i)).Store(y + i);
            }
            if (i < count)
            {
                (TVec.LoadPartial(y + i, count - i) + TVec.LoadPartial(x + i, count - i)).StorePartial(y + i, count - i);
            }
        }
    }

    private struct AlongTiles : ITiles
    {
        public bool Adjoint;
        public float* X;
        public int* Indices;
        public float* Y;
        public int Outer;
        public int PerTile;
        public int Axis;
        public int Count;
        public int Inner;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int end = (int)Math.Min(Outer, (tile + 1L) * PerTile);
            for (int i = tile * PerTile; i < end; i++)
            {
                float* x = X + ((long)i * Axis * Inner);
                float* y = Y + ((long)i * Count * Inner);
                int* indices = Indices + ((long)i * Count * Inner);
                if (Adjoint)
                {
                    // A span would not reach over 2^31 elements.
                    NativeMemory.Clear(x, (nuint)Axis * (nuint)Inner * sizeof(float));
                    Put(x, indices, y);
                }
                else
                {
                    Take(x, indices, y);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Take(float* x, int* indices, float* y)
        {
            for (int k = 0; k < Count; k++)
            {
                for (int j = 0; j < Inner; j++)
                {
                    *y++ = x[((long)*indices++ * Inner) + j];
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Put(float* x, int* indices, float* y)
        {
            for (int k = 0; k < Count; k++)
            {
                for (int j = 0; j < Inner; j++)
                {
                    x[((long)*indices++ * Inner) + j] += *y++;
                }
            }
        }
    }
}
