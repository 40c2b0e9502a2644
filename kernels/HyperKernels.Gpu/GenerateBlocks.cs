using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>The sums of one thread of <see cref="GenerateKernels.Contexts{TBlocks}"/>, and with them how many rows a group takes of each context.</summary>
internal interface IContextBlocks<TSelf>
    where TSelf : struct, IContextBlocks<TSelf>
{
    /// <summary>How many blocks of 4 x 4 sums there are, 32 rows apart.</summary>
    static abstract int Count { get; }

    /// <summary>
    /// The sums with values times weights of one summed position added: a and b are where the thread's first fours of them lie in group memory.
    /// </summary>
    static abstract TSelf Add(TSelf sums, ArrayView<F4> values, ArrayView<F4> weights, int a, int b);

    /// <summary>Gives all blocks to the result; row and column are where the thread's first one begins.</summary>
    static abstract void Store(TSelf sums, GenerateResult result, int row, int column);
}

/// <summary>32 rows of a context.</summary>
internal struct OneBlock : IContextBlocks<OneBlock>
{
    private Tile44 _sums;

    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneBlock Add(OneBlock sums, ArrayView<F4> values, ArrayView<F4> weights, int a, int b)
    {
        sums._sums = Tile44.Add(sums._sums, values[a], weights[b]);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(OneBlock sums, GenerateResult result, int row, int column) => result.Set(row, column, sums._sums);
}

/// <summary>64 rows of a context.</summary>
internal struct TwoBlocks : IContextBlocks<TwoBlocks>
{
    private Tile44 _upper;
    private Tile44 _lower;

    public static int Count => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoBlocks Add(TwoBlocks sums, ArrayView<F4> values, ArrayView<F4> weights, int a, int b)
    {
        F4 row = weights[b];
        sums._upper = Tile44.Add(sums._upper, values[a], row);
        sums._lower = Tile44.Add(sums._lower, values[a + (GenerateKernels.ContextsTile / 4)], row);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TwoBlocks sums, GenerateResult result, int row, int column)
    {
        result.Set(row, column, sums._upper);
        result.Set(row + GenerateKernels.ContextsTile, column, sums._lower);
    }
}
