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

    // Threads from one lane of a line to the next.
    private int _spacing;

    /// <summary>Neighbouring threads stand on neighbouring lanes or, if across, on neighbouring lines: whichever lie together in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Line Of(int group, int widthBits, bool across)
    {
        int lines = 256 >> widthBits;
        Line line = default;
        line.Width = 1 << widthBits;
        line.Lane = across ? Threads.Local >> (8 - widthBits) : Threads.Local & (line.Width - 1);
        line._spacing = across ? lines : 1;
        line.Number = ((long)group * lines) + (across ? Threads.Local & (lines - 1) : Threads.Local >> widthBits);
        return line;
    }

    /// <summary>The sum of the lanes' values, for all of them; scratch is 256 floats of group memory and free again on return.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(ArrayView<float> scratch, Line line, float value)
    {
        int home = Threads.Local;
        scratch[home] = value;
        Group.Barrier();
        int left = line.Width;
        while (left > 1)
        {
            int bits = left >= 4 ? 2 : 1;
            left >>= bits;
            Round(scratch, line, home, left, bits);
            Group.Barrier();
        }
        float sum = scratch[home - (line.Lane * line._spacing)];
        Group.Barrier();
        return sum;
    }

    /// <summary>Two sums at once; scratch is 512 floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair Sums(ArrayView<float> scratch, Line line, Pair values)
    {
        int home = Threads.Local;
        scratch[home] = values.First;
        scratch[home + 256] = values.Second;
        Group.Barrier();
        int left = line.Width;
        while (left > 1)
        {
            int bits = left >= 4 ? 2 : 1;
            left >>= bits;
            Round(scratch, line, home, left, bits);
            Round(scratch, line, home + 256, left, bits);
            Group.Barrier();
        }
        int first = home - (line.Lane * line._spacing);
        Pair sums = default;
        sums.First = scratch[first];
        sums.Second = scratch[first + 256];
        Group.Barrier();
        return sums;
    }

    /// <summary>The largest; NaN if one is. Scratch is 256 floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(ArrayView<float> scratch, Line line, float value)
    {
        int home = Threads.Local;
        scratch[home] = value;
        Group.Barrier();
        int left = line.Width;
        while (left > 1)
        {
            int bits = left >= 4 ? 2 : 1;
            left >>= bits;
            if (line.Lane < left)
            {
                int step = left * line._spacing;
                float max = MathK.Max(scratch[home], scratch[home + step]);
                if (bits == 2)
                {
                    max = MathK.Max(max, MathK.Max(scratch[home + (2 * step)], scratch[home + (3 * step)]));
                }
                scratch[home] = max;
            }
            Group.Barrier();
        }
        float most = scratch[home - (line.Lane * line._spacing)];
        Group.Barrier();
        return most;
    }

    // One round of a reduction: left lanes of a line keep the sum of 4 or, where no more are there, 2 lanes each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ArrayView<float> scratch, Line line, int home, int left, int bits)
    {
        if (line.Lane < left)
        {
            int step = left * line._spacing;
            float sum = scratch[home] + scratch[home + step];
            if (bits == 2)
            {
                sum += scratch[home + (2 * step)] + scratch[home + (3 * step)];
            }
            scratch[home] = sum;
        }
    }
}
