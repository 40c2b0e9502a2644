namespace HyperKernels.Gpu;

/// <summary>
/// The sums of one thread in a product over tiles, and with them the tile's size. A group of side x side threads computes size x size numbers, size = 4 side
/// parts: each thread parts x parts blocks of 4 x 4 that lie 4 side apart, so that it reads group memory four at a time without bank conflicts.
/// Operands pass through group memory side / parts at a time.
/// </summary>
internal interface ITile<TSelf>
    where TSelf : struct, ITile<TSelf>
{
    /// <summary>The side is 2 to this power.</summary>
    static abstract int SideBits { get; }

    /// <summary>The parts are 2 to this power.</summary>
    static abstract int PartBits { get; }

    /// <summary>The sums with the product at one k added: a and b are where the thread's first fours lie in group memory, the next ones side further.</summary>
    static abstract TSelf Add(TSelf sums, TileMemory memory, int a, int b);

    /// <summary>Gives all blocks to the result; row and column are where the thread's first one begins in the matrix.</summary>
    static abstract void Store<TResult>(TSelf sums, TResult result, int row, int column)
        where TResult : struct, IResult;
}
