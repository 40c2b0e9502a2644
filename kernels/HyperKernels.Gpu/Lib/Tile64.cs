using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>64 x 64 numbers, by 256 threads with 4 x 4 sums each.</summary>
internal struct Tile64 : ITile<Tile64>
{
    private Tile44 _sums;

    public static int SideBits => 4;

    public static int PartBits => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Tile64 Add(Tile64 sums, TileMemory memory, int a, int b)
    {
        sums._sums = Tile44.Add(sums._sums, memory.A[a], memory.B[b]);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TResult>(Tile64 sums, TResult result, int row, int column)
        where TResult : struct, IResult => result.Set(row, column, sums._sums);
}
