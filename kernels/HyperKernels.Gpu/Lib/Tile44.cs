using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>4 x 4 sums, in registers.</summary>
internal struct Tile44
{
    public F4 Row0;
    public F4 Row1;
    public F4 Row2;
    public F4 Row3;

    /// <summary>The sums with a column times a row added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Tile44 Add(Tile44 sums, F4 column, F4 row)
    {
        sums.Row0 = Add(sums.Row0, column.X, row);
        sums.Row1 = Add(sums.Row1, column.Y, row);
        sums.Row2 = Add(sums.Row2, column.Z, row);
        sums.Row3 = Add(sums.Row3, column.W, row);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F4 Add(F4 sums, float by, F4 row) => new(
        Intrinsics.Fma(by, row.X, sums.X),
        Intrinsics.Fma(by, row.Y, sums.Y),
        Intrinsics.Fma(by, row.Z, sums.Z),
        Intrinsics.Fma(by, row.W, sums.W));
}
