using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>32 x 32 numbers, by 64 threads with 4 x 4 sums each.</summary>
internal struct Tile32 : ITile<Tile32>
{
    private Tile44 _sums;

    public static int SideBits => 3;

    public static int PartBits => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Tile32 Add(Tile32 sums, TileMemory memory, int a, int b)
    {
        sums._sums = Tile44.Add(sums._sums, memory.A[a], memory.B[b]);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TResult>(Tile32 sums, TResult result, int row, int column)
        where TResult : struct, IResult => result.Set(row, column, sums._sums);
}
