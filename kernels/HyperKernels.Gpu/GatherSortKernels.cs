using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>Sorting indices, equal ones in the order in which they stood: few by comparing each with each, many digit by digit.</summary>
internal static class GatherSortKernels
{
    /// <summary>Bits of a digit, and how many digits there are.</summary>
    public const int DigitBits = 4;
    public const int Digits = 1 << DigitBits;

    /// <summary>Keys of a group.</summary>
    public const int BlockItems = 4096;

    private const int GroupSize = 256;
    private const int ItemsPerThread = BlockItems / GroupSize;

    /// <summary>Sorts few keys: each finds its place by counting the keys before it.   One group per 256 keys; reads count^2 keys.</summary>
    [Kernel(GroupSize)]
    public static void Few(SortArguments p)
    {
        ArrayView<int> tile = SharedMemory.Allocate1D<int>(GroupSize).AsContiguous();
        int own = (Threads.Group * GroupSize) + Threads.Local;
        int key = 0;
        if (own < p.Count)
        {
            key = p.Keys[own];
        }
        int before = 0;
        for (int first = 0; first < p.Count; first += GroupSize)
        {
            Group.Barrier();
            if (first + Threads.Local < p.Count)
            {
                tile[Threads.Local] = p.Keys[first + Threads.Local];
            }
            Group.Barrier();
            int end = p.Count - first < GroupSize ? p.Count - first : GroupSize;
            for (int i = 0; i < end; i++)
            {
                int other = tile[i];
                bool isBefore = other < key || (other == key && first + i < own);
                before += isBefore ? 1 : 0;
            }
        }
        if (own < p.Count)
        {
            p.Sorted[before] = key;
            p.Moved[before] = own;
        }
    }

    /// <summary>One digit of a radix sort, first step: counts [digits, blocks] of each digit in each block of keys.   One group per block.</summary>
    [Kernel(GroupSize)]
    public static void Count(SortArguments p)
    {
        ArrayView<int> counters = SharedMemory.Allocate1D<int>(Digits * GroupSize).AsContiguous();
        ArrayView<int> parts = SharedMemory.Allocate1D<int>(GroupSize).AsContiguous();
        Clear(counters);
        long first = (long)Threads.Group * BlockItems;
        for (int i = 0; i < BlockItems; i += GroupSize)
        {
            long at = first + i + Threads.Local;
            if (at < p.Count)
            {
                counters[(Digit(p.Keys[at], p.Shift) * GroupSize) + Threads.Local]++;
            }
        }
        Group.Barrier();
        // Sixteen threads to a digit.
        parts[Threads.Local] = SumOfSixteen(counters);
        Group.Barrier();
        if (Threads.Local < Digits)
        {
            p.Counts[((long)Threads.Local * p.Blocks) + Threads.Group] = SumOfSixteen(parts);
        }
    }

    /// <summary>Second step: each count becomes the sum of those before it, in place.   One group.</summary>
    [Kernel(GroupSize)]
    public static void Sums(SortSumsArguments p)
    {
        ArrayView<int> parts = SharedMemory.Allocate1D<int>(GroupSize).AsContiguous();
        int share = (p.Count + GroupSize - 1) / GroupSize;
        int first = Threads.Local * share;
        int end = p.Count - first < share ? p.Count : first + share;
        int sum = 0;
        for (int i = first; i < end; i++)
        {
            sum += p.Counts[i];
        }
        parts[Threads.Local] = sum;
        Group.Barrier();
        sum = 0;
        for (int i = 0; i < Threads.Local; i++)
        {
            sum += parts[i];
        }
        for (int i = first; i < end; i++)
        {
            int here = p.Counts[i];
            p.Counts[i] = sum;
            sum += here;
        }
    }

    /// <summary>
    /// Third step: moves keys and positions to their places; equal digits keep their order. Without positions a key's own number is meant.   One group per block.
    /// </summary>
    [Kernel(GroupSize)]
    public static void Move(SortArguments p)
    {
        ArrayView<int> counters = SharedMemory.Allocate1D<int>(Digits * GroupSize).AsContiguous();
        ArrayView<int> parts = SharedMemory.Allocate1D<int>(GroupSize).AsContiguous();
        Clear(counters);
        // Neighbouring keys go to one thread, so that threads stand in the order of their keys.
        long first = ((long)Threads.Group * BlockItems) + (Threads.Local * ItemsPerThread);
        for (int i = 0; i < ItemsPerThread; i++)
        {
            if (first + i < p.Count)
            {
                counters[(Digit(p.Keys[first + i], p.Shift) * GroupSize) + Threads.Local]++;
            }
        }
        Group.Barrier();
        parts[Threads.Local] = SumOfSixteen(counters);
        Group.Barrier();
        int digit = Threads.Local >> DigitBits;
        int sum = p.Counts[((long)digit * p.Blocks) + Threads.Group];
        for (int i = digit * Digits; i < Threads.Local; i++)
        {
            sum += parts[i];
        }
        for (int i = 0; i < Digits; i++)
        {
            int at = (Threads.Local * Digits) + i;
            int here = counters[at];
            counters[at] = sum;
            sum += here;
        }
        Group.Barrier();
        for (int i = 0; i < ItemsPerThread; i++)
        {
            long at = first + i;
            if (at < p.Count)
            {
                int key = p.Keys[at];
                int counter = (Digit(key, p.Shift) * GroupSize) + Threads.Local;
                int to = counters[counter];
                counters[counter] = to + 1;
                p.Sorted[to] = key;
                int position = (int)at;
                if (p.Positions.Length > 0)
                {
                    position = p.Positions[at];
                }
                p.Moved[to] = position;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Digit(int key, int shift) => (key >> shift) & (Digits - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(ArrayView<int> counters)
    {
        for (int digit = 0; digit < Digits; digit++)
        {
            counters[(digit * GroupSize) + Threads.Local] = 0;
        }
    }

    // Of sixteen neighbours, a thread's own.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SumOfSixteen(ArrayView<int> values)
    {
        int sum = 0;
        for (int i = 0; i < 16; i++)
        {
            sum += values[(Threads.Local * 16) + i];
        }
        return sum;
    }
}

/// <summary>Arguments of <see cref="GatherSortKernels"/>: keys and where they stood, a digit's place, and what is written.</summary>
internal struct SortArguments
{
    public int Count;
    public int Shift;
    public int Blocks;
    public ArrayView<int> Keys;
    public ArrayView<int> Positions;
    public ArrayView<int> Counts;
    public ArrayView<int> Sorted;
    public ArrayView<int> Moved;
}

/// <summary>Arguments of <see cref="GatherSortKernels.Sums"/>.</summary>
internal struct SortSumsArguments
{
    public int Count;
    public ArrayView<int> Counts;
}
