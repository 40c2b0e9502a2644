using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>The thread's sums of 4 x 4 fragments.</summary>
internal struct TensorSums
{
    public TensorRow Row0;
    public TensorRow Row1;
    public TensorRow Row2;
    public TensorRow Row3;

    /// <summary>
    /// The sums with the product of eight words of 64 lines of a and 32 of b added; places are those of the thread's first words, pitch leads to the next line.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TensorSums Add<TCores>(TensorSums sums, ArrayView<uint> room, ArrayView<uint> a, int placeA, ArrayView<uint> b, int placeB, int pitch)
        where TCores : struct, ITensorCores
    {
        TensorRight right = default;
        right.Column0 = Right(b, placeB);
        right.Column1 = Right(b, placeB + (8 * pitch));
        right.Column2 = Right(b, placeB + (16 * pitch));
        right.Column3 = Right(b, placeB + (24 * pitch));
        sums.Row0 = TensorRow.Add<TCores>(sums.Row0, room, Left(a, placeA, pitch), right);
        sums.Row1 = TensorRow.Add<TCores>(sums.Row1, room, Left(a, placeA + (16 * pitch), pitch), right);
        sums.Row2 = TensorRow.Add<TCores>(sums.Row2, room, Left(a, placeA + (32 * pitch), pitch), right);
        sums.Row3 = TensorRow.Add<TCores>(sums.Row3, room, Left(a, placeA + (48 * pitch), pitch), right);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TensorWords Left(ArrayView<uint> a, int place, int pitch) => new(a[place], a[place + (8 * pitch)], a[place + 4], a[place + (8 * pitch) + 4]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TensorPair Right(ArrayView<uint> b, int place) => new(b[place], b[place + 4]);
}

/// <summary>The thread's sums of 1 x 4 fragments.</summary>
internal struct TensorRow
{
    public F4 Column0;
    public F4 Column1;
    public F4 Column2;
    public F4 Column3;

    /// <summary>The sums with the product of a left fragment and four right ones added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TensorRow Add<TCores>(TensorRow sums, ArrayView<uint> room, TensorWords left, TensorRight right)
        where TCores : struct, ITensorCores
    {
        sums.Column0 = TCores.Multiply(room, left, right.Column0, sums.Column0);
        sums.Column1 = TCores.Multiply(room, left, right.Column1, sums.Column1);
        sums.Column2 = TCores.Multiply(room, left, right.Column2, sums.Column2);
        sums.Column3 = TCores.Multiply(room, left, right.Column3, sums.Column3);
        return sums;
    }
}

/// <summary>The thread's words of four right fragments.</summary>
internal struct TensorRight
{
    public TensorPair Column0;
    public TensorPair Column1;
    public TensorPair Column2;
    public TensorPair Column3;
}
