using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>
    /// A copy whose source is contiguous along another axis than its destination. A tile reads whole cache lines of the source and
    /// writes as many rows of the destination side by side.
    /// </summary>
    private struct TransposeTiles : ITiles
    {
        // One cache line of the source, and so many columns that a tile is as large as those of other kernels.
        private const int LineRows = 16;
        private const int TileColumns = 1024;

        private Broadcast _sizes;
        private int _rowAxis;
        private int _rowTiles;
        private int _columnTiles;
        private float* _source;
        private float* _destination;

        public int Tiles { get; private set; }

        /// <summary>Whether the copy is a transpose; if so, it is made ready.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static bool TryPlan(in Broadcast sizes, int* source, int* destination, out TransposeTiles tiles)
        {
            tiles = default;
            int inner = sizes.Rank - 1;
            if (sizes.StrideB[inner] != 1 || sizes.StrideA[inner] <= 1)
            {
                return false;
            }
            int rowAxis = -1;
            for (int axis = 0; axis < inner; axis++)
            {
                rowAxis = sizes.StrideA[axis] == 1 ? axis : rowAxis;
            }
            if (rowAxis < 0)
            {
                return false;
            }
            tiles._sizes = sizes;
            tiles._rowAxis = rowAxis;
            tiles._rowTiles = (sizes.Sizes[rowAxis] + LineRows - 1) / LineRows;
            tiles._columnTiles = (sizes.Sizes[inner] + TileColumns - 1) / TileColumns;
            tiles._source = (float*)source;
            tiles._destination = (float*)destination;
            long others = sizes.Count / sizes.Sizes[rowAxis] / sizes.Sizes[inner];
            tiles.Tiles = checked((int)(others * tiles._rowTiles * tiles._columnTiles));
            return true;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int inner = _sizes.Rank - 1;
            (int rest, int columnTile) = Math.DivRem(tile, _columnTiles);
            (rest, int rowTile) = Math.DivRem(rest, _rowTiles);
            float* source = _source;
            float* destination = _destination;
            for (int axis = inner - 1; axis >= 0; axis--)
            {
                if (axis != _rowAxis)
                {
                    (rest, int index) = Math.DivRem(rest, _sizes.Sizes[axis]);
                    source += index * _sizes.StrideA[axis];
                    destination += index * _sizes.StrideB[axis];
                }
            }
            long from = _sizes.StrideA[inner];
            long to = _sizes.StrideB[_rowAxis];
            int firstRow = rowTile * LineRows;
            int firstColumn = columnTile * TileColumns;
            source += firstRow + (firstColumn * from);
            destination += (firstRow * to) + firstColumn;
            int rows = Math.Min(LineRows, _sizes.Sizes[_rowAxis] - firstRow);
            int columns = Math.Min(TileColumns, _sizes.Sizes[inner] - firstColumn);
            int column = 0;
            if (TVec.Count >= 8 && Avx.IsSupported)
            {
                for (; column <= columns - 8; column += 8)
                {
                    int row = 0;
                    for (; row <= rows - 8; row += 8)
                    {
                        EightByEight(source + (column * from) + row, from, destination + (row * to) + column, to);
                    }
                    Rest(source + (column * from), from, destination + column, to, row, rows, 8);
                }
            }
            Rest(source + (column * from), from, destination + column, to, 0, rows, columns - column);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Rest(float* source, long from, float* destination, long to, int firstRow, int rows, int columns)
        {
            for (int row = firstRow; row < rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    destination[(row * to) + column] = source[(column * from) + row];
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void EightByEight(float* source, long from, float* destination, long to)
        {
            Vector256<float> a = Avx.LoadVector256(source);
            Vector256<float> b = Avx.LoadVector256(source + from);
            Vector256<float> c = Avx.LoadVector256(source + (2 * from));
            Vector256<float> d = Avx.LoadVector256(source + (3 * from));
            Vector256<float> e = Avx.LoadVector256(source + (4 * from));
            Vector256<float> f = Avx.LoadVector256(source + (5 * from));
            Vector256<float> g = Avx.LoadVector256(source + (6 * from));
            Vector256<float> h = Avx.LoadVector256(source + (7 * from));
            // Pairs, then fours within each half register, then the halves.
            Vector256<float> abLow = Avx.UnpackLow(a, b);
            Vector256<float> abHigh = Avx.UnpackHigh(a, b);
            Vector256<float> cdLow = Avx.UnpackLow(c, d);
            Vector256<float> cdHigh = Avx.UnpackHigh(c, d);
            Vector256<float> efLow = Avx.UnpackLow(e, f);
            Vector256<float> efHigh = Avx.UnpackHigh(e, f);
            Vector256<float> ghLow = Avx.UnpackLow(g, h);
            Vector256<float> ghHigh = Avx.UnpackHigh(g, h);
            Halves(Avx.Shuffle(abLow, cdLow, 0x44), Avx.Shuffle(efLow, ghLow, 0x44), destination, to);
            Halves(Avx.Shuffle(abLow, cdLow, 0xEE), Avx.Shuffle(efLow, ghLow, 0xEE), destination + to, to);
            Halves(Avx.Shuffle(abHigh, cdHigh, 0x44), Avx.Shuffle(efHigh, ghHigh, 0x44), destination + (2 * to), to);
            Halves(Avx.Shuffle(abHigh, cdHigh, 0xEE), Avx.Shuffle(efHigh, ghHigh, 0xEE), destination + (3 * to), to);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Halves(Vector256<float> left, Vector256<float> right, float* destination, long to)
        {
            Avx.Permute2x128(left, right, 0x20).Store(destination);
            Avx.Permute2x128(left, right, 0x31).Store(destination + (4 * to));
        }
    }
}
