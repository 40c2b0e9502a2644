using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Where a thread stands in reductions along many lines at once: a group of 256 threads takes 256 / width of them, width = 2^widthBits threads for each.
/// Sums run in a fixed order, which depends on sizes only. Every thread of the group calls, also those without a line.
/// </summary>
internal struct Line
{
    /// <summary>The line; there may be fewer.</summary>
    public long Number;

    /// <summary>The thread among those of its line, and how many these are.</summary>
    public int Lane;
    public int Width;

    // Threads from the line's first one to this one, and as if to one behind its last: neighbouring lanes may be several threads apart.
    private int _offset;
    private int _extent;

    /// <summary>Neighbouring threads stand on neighbouring lanes or, if across, on neighbouring lines: whichever lie together in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Line Of(int group, int widthBits, bool across)
    {
        int lines = 256 >> widthBits;
        Line line = default;
        line.Width = 1 << widthBits;
        line.Lane = across ? Threads.Local >> (8 - widthBits) : Threads.Local & (line.Width - 1);
        line._offset = across ? Threads.Local & ~(lines - 1) : line.Lane;
        line._extent = across ? 256 : line.Width;
        line.Number = ((long)group * lines) + (across ? Threads.Local & (lines - 1) : Threads.Local >> widthBits);
        return line;
    }

    /// <summary>The sum of the lanes' values, for all of them; scratch is 256 floats of group memory and free again on return.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(ArrayView<float> scratch, Line line, float value) => Join<float, Sum>(scratch, line, value);

    /// <summary>Two sums at once; scratch is 256 pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair Sums(ArrayView<Pair> scratch, Line line, Pair values) => Join<Pair, SumPair>(scratch, line, values);

    /// <summary>The largest; NaN if one is. Scratch is 256 floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(ArrayView<float> scratch, Line line, float value) => Join<float, Largest>(scratch, line, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Join<T, TJoin>(ArrayView<T> scratch, Line line, T value)
        where T : unmanaged
        where TJoin : struct, IJoin<T>
    {
        int home = Threads.Local;
        scratch[home] = value;
        Group.Barrier();
        int left = line.Width;
        int step = line._extent;
        while (left > 1)
        {
            // A round: left lanes of a line keep what 4 or, where no more are there, 2 lanes have.
            int bits = left >= 4 ? 2 : 1;
            left >>= bits;
            step >>= bits;
            if (line._offset < step)
            {
                T joined = TJoin.Join(scratch[home], scratch[home + step]);
                if (bits == 2)
                {
                    joined = TJoin.Join(joined, TJoin.Join(scratch[home + (2 * step)], scratch[home + (3 * step)]));
                }
                scratch[home] = joined;
            }
            Group.Barrier();
        }
        T all = scratch[home - line._offset];
        Group.Barrier();
        return all;
    }
}
