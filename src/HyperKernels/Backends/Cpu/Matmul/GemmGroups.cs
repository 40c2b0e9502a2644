using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Products of groups of rows side by side: large groups one after the other, each with the help of all threads, the others each on one thread. Either way a product
/// has the bits that it has by itself.
/// </summary>
internal unsafe struct GemmGroups : ITiles
{
    // Multiply-adds that are worth handing to another thread: some microseconds.
    private const long WorkPerTile = 512 << 10;

    // Groups with less are left to one thread, as products of a batch are.
    private const long LargeWork = 4 << 20;

    private static readonly ForkJoin s_alone = new(1);

    private MatmulArgs _args;
    private int* _offsets;
    private int _groups;
    private bool _sumsRows;
    private int _vectorWidth;
    private int _tiles;
    private long _largeRows;

    /// <summary>Runs all groups.</summary>
    /// <param name="args">Strides lead from one group's matrix to the next.</param>
    /// <param name="sumsRows">Whether the rows of a group are summed over, instead of each giving a row of Y.</param>
    /// <param name="offsets">Where each group's rows begin, and where the last one's end.</param>
    /// <param name="threads">Who helps.</param>
    /// <param name="vectorWidth">As for <see cref="Gemm.Run"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in MatmulArgs args, bool sumsRows, ReadOnlySpan<int> offsets, ForkJoin threads, int vectorWidth)
    {
        fixed (int* places = offsets)
        {
            long workPerRow = Math.Max((long)args.N * (sumsRows ? args.M : args.K), 1);
            int rows = offsets[^1];
            GemmGroups groups = new()
            {
                _args = args,
                _offsets = places,
                _groups = offsets.Length - 1,
                _sumsRows = sumsRows,
                _vectorWidth = vectorWidth,
                _largeRows = Math.Max(LargeWork / workPerRow, rows / (2 * threads.Threads)),
                _tiles = (int)Math.Clamp(rows * (double)workPerRow / WorkPerTile, 1, offsets.Length - 1),
            };
            for (int group = 0; group < groups._groups; group++)
            {
                if (groups.IsLarge(group))
                {
                    Gemm.Run(groups.Product(group), threads, vectorWidth);
                }
            }
            threads.For(vectorWidth, groups._tiles, ref groups);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        int end = FirstOf(tile + 1);
        for (int group = FirstOf(tile); group < end; group++)
        {
            if (!IsLarge(group))
            {
                Gemm.Run(Product(group), s_alone, _vectorWidth);
            }
        }
    }

    private readonly bool IsLarge(int group) => _offsets[group + 1] - _offsets[group] > _largeRows;

    private readonly MatmulArgs Product(int group)
    {
        long first = _offsets[group];
        int rows = _offsets[group + 1] - _offsets[group];
        MatmulArgs one = _args;
        one.Batch = 1;
        one.A += first * one.LdA;
        one.Bias = one.Bias == null ? null : one.Bias + (group * one.StrideBias);
        if (_sumsRows)
        {
            one.K = rows;
            one.B += first * one.LdB;
            one.Y += group * one.StrideY;
        }
        else
        {
            one.M = rows;
            one.B += group * one.StrideB;
            one.Y += first * one.LdY;
        }
        return one;
    }

    // Tiles share out rows, and groups besides: a group costs its matrix even for few rows. The first group whose place is in the tile or behind it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly int FirstOf(int tile)
    {
        long start = ((long)_offsets[_groups] + _groups) * tile / _tiles;
        (int low, int high) = (0, _groups);
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _offsets[middle] + (long)middle < start ? (middle + 1, high) : (low, middle);
        }
        return low;
    }
}
