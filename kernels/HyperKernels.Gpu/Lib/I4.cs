using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>Four integers: places from which a thread reads at once, so that four loads are on their way together.</summary>
internal struct I4(int x, int y, int z, int w)
{
    public int X = x;
    public int Y = y;
    public int Z = z;
    public int W = w;

    /// <summary>A number and three more, a step apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static I4 Range(int first, int step) => new(first, first + step, first + (2 * step), first + (3 * step));

    /// <summary>What stands at those places of a list; without a list, the places themselves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static I4 Listed(ArrayView<int> list, I4 places)
    {
        I4 found = places;
        if (list.Length > 0)
        {
            found = new I4(list[places.X], list[places.Y], list[places.Z], list[places.W]);
        }
        return found;
    }

    /// <summary>The same for one place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Listed(ArrayView<int> list, int place)
    {
        int found = place;
        if (list.Length > 0)
        {
            found = list[place];
        }
        return found;
    }
}
