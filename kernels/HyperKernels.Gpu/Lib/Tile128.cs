using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>128 x 128 numbers, by 256 threads with four blocks of 4 x 4 sums each.</summary>
internal struct Tile128 : ITile<Tile128>
{
    private const int Side = 1 << 4;

    private Tile44 _upperLeft;
    private Tile44 _upperRight;
    private Tile44 _lowerLeft;
    private Tile44 _lowerRight;

    public static int SideBits => 4;

    public static int PartBits => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Tile128 Add(Tile128 sums, TileMemory memory, int a, int b)
    {
        F4 upper = memory.A[a];
        F4 lower = memory.A[a + Side];
        F4 left = memory.B[b];
        F4 right = memory.B[b + Side];
        sums._upperLeft = Tile44.Add(sums._upperLeft, upper, left);
        sums._upperRight = Tile44.Add(sums._upperRight, upper, right);
        sums._lowerLeft = Tile44.Add(sums._lowerLeft, lower, left);
        sums._lowerRight = Tile44.Add(sums._lowerRight, lower, right);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TResult>(Tile128 sums, TResult result, int row, int column)
        where TResult : struct, IResult
    {
        result.Set(row, column, sums._upperLeft);
        result.Set(row, column + (4 * Side), sums._upperRight);
        result.Set(row + (4 * Side), column, sums._lowerLeft);
        result.Set(row + (4 * Side), column + (4 * Side), sums._lowerRight);
    }
}
