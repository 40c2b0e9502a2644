using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>Sums over a group of 256 threads in a fixed order.</summary>
internal static class GroupSum
{
    /// <summary>Floats of group memory that a sum needs; free for the next use on return.</summary>
    public const int Scratch = 272;

    /// <summary>
    /// The sum of all threads' values, for every thread: sixteen of them add up sixteen values each, then every one these sixteen; two barriers instead of a
    /// tree's eight. All threads of the group must come here.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(ArrayView<float> scratch, float value)
    {
        scratch[Threads.Local] = value;
        Group.Barrier();
        if (Threads.Local < 16)
        {
            float part = 0;
            for (int i = 0; i < 256; i += 16)
            {
                part += scratch[Threads.Local + i];
            }
            scratch[256 + Threads.Local] = part;
        }
        Group.Barrier();
        float sum = 0;
        for (int i = 256; i < Scratch; i++)
        {
            sum += scratch[i];
        }
        Group.Barrier();
        return sum;
    }
}
