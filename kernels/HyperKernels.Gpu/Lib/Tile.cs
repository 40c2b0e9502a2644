using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// One tile of a matrix product whose operands may come from anywhere (<see cref="IOperand"/>), in one of three sizes (<see cref="ITile{TSelf}"/>). A kernel
/// takes <see cref="TileMemory"/> at its top, adds one or several products to sums that begin as default, and stores them.
/// </summary>
internal static class Tile
{
    /// <summary>Rows and columns of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Size<TTile>()
        where TTile : struct, ITile<TTile> => 4 << (TTile.SideBits + TTile.PartBits);

    /// <summary>How much of k passes through group memory at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Depth<TTile>()
        where TTile : struct, ITile<TTile> => 1 << (TTile.SideBits - TTile.PartBits);

    /// <summary>From one k to the next in group memory, in fours; one to spare against bank conflicts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Pitch<TTile>()
        where TTile : struct, ITile<TTile> => (1 << (TTile.SideBits + TTile.PartBits)) + 1;

    /// <summary>Fours of an operand that lie in group memory at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Buffer<TTile>()
        where TTile : struct, ITile<TTile> => Depth<TTile>() * Pitch<TTile>();

    /// <summary>The line, in the tile, of an operand that the thread fetches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FetchLine<TTile>(bool isDeep)
        where TTile : struct, ITile<TTile> =>
        isDeep ? Threads.Local >> (TTile.SideBits - TTile.PartBits - 2) : 4 * (Threads.Local & ((1 << (TTile.SideBits + TTile.PartBits)) - 1));

    /// <summary>
    /// Adds the product over first &lt;= k &lt; end to the sums, in the order of k. May come several times in a kernel. All threads of a group come here.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TTile Product<TTile, TLeft, TRight>(TTile sums, TileMemory memory, TLeft left, TRight right, int first, int end)
        where TTile : struct, ITile<TTile>
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
    {
        int leftLine = FetchLine<TTile>(left.IsDeep);
        int rightLine = FetchLine<TTile>(right.IsDeep);
        int leftK = FetchK<TTile>(left.IsDeep);
        int rightK = FetchK<TTile>(right.IsDeep);
        int row = Threads.Local >> TTile.SideBits;
        int column = Threads.Local & ((1 << TTile.SideBits) - 1);
        int steps = (end - first + Depth<TTile>() - 1) >> (TTile.SideBits - TTile.PartBits);
        int at = first;
        Put<TTile>(memory.A, 0, left.IsDeep, leftLine, leftK, left.Get(leftLine, at + leftK));
        Put<TTile>(memory.B, 0, right.IsDeep, rightLine, rightK, right.Get(rightLine, at + rightK));
        Group.Barrier();
        for (int step = 0; step < steps; step++)
        {
            int now = (step & 1) * Buffer<TTile>();
            int then = Buffer<TTile>() - now;
            at += Depth<TTile>();
            F4 nextLeft = left.Get(leftLine, at + leftK);
            F4 nextRight = right.Get(rightLine, at + rightK);
            int a = now + row;
            int b = now + column;
            for (int k = 0; k < Depth<TTile>(); k += 4)
            {
                sums = TTile.Add(sums, memory, a, b);
                sums = TTile.Add(sums, memory, a + Pitch<TTile>(), b + Pitch<TTile>());
                sums = TTile.Add(sums, memory, a + (2 * Pitch<TTile>()), b + (2 * Pitch<TTile>()));
                sums = TTile.Add(sums, memory, a + (3 * Pitch<TTile>()), b + (3 * Pitch<TTile>()));
                a += 4 * Pitch<TTile>();
                b += 4 * Pitch<TTile>();
            }
            Put<TTile>(memory.A, then, left.IsDeep, leftLine, leftK, nextLeft);
            Put<TTile>(memory.B, then, right.IsDeep, rightLine, rightK, nextRight);
            Group.Barrier();
        }
        return sums;
    }

    /// <summary>Gives the sums of a tile at a place of the matrix to the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TTile, TResult>(TTile sums, TilePlace place, TResult result)
        where TTile : struct, ITile<TTile>
        where TResult : struct, IResult =>
        TTile.Store(sums, result, place.Row + Row<TTile>(0), place.Column + Column<TTile>(0));

    /// <summary>The row, in the tile, where the thread's blocks of a part begin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row<TTile>(int part)
        where TTile : struct, ITile<TTile> => 4 * ((part << TTile.SideBits) + (Threads.Local >> TTile.SideBits));

    /// <summary>The column, in the tile, where the thread's blocks of a part begin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Column<TTile>(int part)
        where TTile : struct, ITile<TTile> => 4 * ((part << TTile.SideBits) + (Threads.Local & ((1 << TTile.SideBits) - 1)));

    /// <summary>
    /// Puts four elements into group memory that begins there, k after k pitch apart: of four k, each into its own row, or of four lines, together.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(ArrayView<F4> memory, int start, int pitch, bool isDeep, int line, int k, F4 value)
    {
        int place = start + (k * pitch);
        if (isDeep)
        {
            ArrayView<float> single = memory.Cast<float>();
            int at = (4 * place) + line;
            single[at] = value.X;
            single[at + (4 * pitch)] = value.Y;
            single[at + (8 * pitch)] = value.Z;
            single[at + (12 * pitch)] = value.W;
        }
        else
        {
            memory[place + (line >> 2)] = value;
        }
    }

    /// <summary>
    /// Four elements from a place on, step apart; those from count on are zeros. Fours: the place is a multiple of four, the view begins at a multiple of 16
    /// bytes, and the step is 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Get(ArrayView<float> from, long place, long step, int count, bool fours)
    {
        if (fours && count >= 4)
        {
            return F4.Get(from, place);
        }
        F4 four = default;
        if (count > 0)
        {
            four.X = from[place];
        }
        if (count > 1)
        {
            four.Y = from[place + step];
        }
        if (count > 2)
        {
            four.Z = from[place + (2 * step)];
        }
        if (count > 3)
        {
            four.W = from[place + (3 * step)];
        }
        return four;
    }

    /// <summary>Writes four neighbours from a place on; those from count on are left alone. Fours: as for reading.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(ArrayView<float> to, long place, int count, bool fours, F4 value)
    {
        if (fours && count >= 4)
        {
            F4.Set(to, place, value);
        }
        else
        {
            if (count > 0)
            {
                to[place] = value.X;
            }
            if (count > 1)
            {
                to[place + 1] = value.Y;
            }
            if (count > 2)
            {
                to[place + 2] = value.Z;
            }
            if (count > 3)
            {
                to[place + 3] = value.W;
            }
        }
    }

    // The k of the four elements that a thread fetches, in a step.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FetchK<TTile>(bool isDeep)
        where TTile : struct, ITile<TTile> => isDeep
        ? 4 * (Threads.Local & ((1 << (TTile.SideBits - TTile.PartBits - 2)) - 1))
        : Threads.Local >> (TTile.SideBits + TTile.PartBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TTile>(ArrayView<F4> memory, int start, bool isDeep, int line, int k, F4 value)
        where TTile : struct, ITile<TTile> => Put(memory, start, Pitch<TTile>(), isDeep, line, k, value);
}
