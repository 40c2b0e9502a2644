using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Copies a block of a matrix into a panel, so that the register tile reads it front to back: depth d's elements lie at
/// <c>panel[d * pitch]</c>. Transposed operands are turned here and nowhere else.
/// </summary>
internal static unsafe class GemmPack
{
    /// <summary>Packs lines that are contiguous across the panel: <paramref name="width"/> elements per depth, zeros up to the pitch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Along<TVec>(float* source, nint depthStep, int width, int depth, float* panel, int pitch)
        where TVec : struct, IVec<TVec>
    {
        for (int d = 0; d < depth; d++)
        {
            int i = 0;
            for (; i <= width - TVec.Count; i += TVec.Count)
            {
                TVec.Load(source + i).Store(panel + i);
            }
            for (; i < pitch; i += TVec.Count)
            {
                TVec rest = TVec.LoadPartial(source + Math.Min(i, width), Math.Max(width - i, 0));
                if (pitch - i >= TVec.Count)
                {
                    // Some processors store through a mask ten times slower.
                    rest.Store(panel + i);
                }
                else
                {
                    rest.StorePartial(panel + i, pitch - i);
                }
            }
            source += depthStep;
            panel += pitch;
        }
    }

    /// <summary>Packs whole panels of two vectors side by side, so that the source is read in long pieces.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AlongPanels<TVec>(float* source, nint depthStep, int panels, int depth, float* target)
        where TVec : struct, IVec<TVec>
    {
        nint panelLength = (nint)2 * TVec.Count * depth;
        for (int d = 0; d < depth; d++)
        {
            float* from = source;
            float* to = target;
            for (int panel = 0; panel < panels; panel++)
            {
                TVec.Load(from).Store(to);
                TVec.Load(from + TVec.Count).Store(to + TVec.Count);
                from += 2 * TVec.Count;
                to += panelLength;
            }
            source += depthStep;
            target += 2 * TVec.Count;
        }
    }

    /// <summary>
    /// Packs lines that are contiguous in depth: <paramref name="width"/> of them, <paramref name="lineStep"/> apart. The panel's
    /// places behind the width repeat the last line.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Across(float* source, nint lineStep, int width, int depth, float* panel, int pitch)
    {
        if (pitch % 4 != 0)
        {
            AcrossOneByOne(source, lineStep, width, depth, panel, pitch);
            return;
        }
        for (int i = 0; i < width; i += 4)
        {
            float* s0 = source + (i * lineStep);
            float* s1 = source + (Math.Min(i + 1, width - 1) * lineStep);
            float* s2 = source + (Math.Min(i + 2, width - 1) * lineStep);
            float* s3 = source + (Math.Min(i + 3, width - 1) * lineStep);
            float* target = panel + i;
            int d = 0;
            for (; d <= depth - 4; d += 4)
            {
                Four(s0 + d, s1 + d, s2 + d, s3 + d, target, pitch);
                target += 4 * pitch;
            }
            for (; d < depth; d++)
            {
                Vector128.Create(s0[d], s1[d], s2[d], s3[d]).Store(target);
                target += pitch;
            }
        }
    }

    /// <summary>
    /// Writes the transpose of <paramref name="lines"/> contiguous lines of <paramref name="depth"/> numbers, and nothing else. A line of
    /// the target is written from end to end before the next four: lines a power of two apart throw each other out of the cache. An addend, one number for each
    /// line of the source, is added to all of it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Turn(float* source, nint lineStep, int lines, int depth, float* target, nint targetStep, float* addend = null)
    {
        if (depth < 4)
        {
            for (int d = 0; d < depth; d++)
            {
                for (int i = 0; i < lines; i++)
                {
                    float value = source[(i * lineStep) + d];
                    target[i] = addend == null ? value : value + addend[i];
                }
                target += targetStep;
            }
            return;
        }
        for (int d = 0; d < depth; d += 4)
        {
            // The last four may overlap those before.
            int first = Math.Min(d, depth - 4);
            float* from = source + first;
            float* to = target + (first * targetStep);
            int i = 0;
            for (; i <= lines - 4; i += 4)
            {
                Vector128<float> added = addend == null ? default : Vector128.Load(addend + i);
                Four(from, from + lineStep, from + (2 * lineStep), from + (3 * lineStep), to + i, targetStep, addend != null, added);
                from += 4 * lineStep;
            }
            for (; i < lines; i++)
            {
                for (int j = 0; j < 4; j++)
                {
                    to[(j * targetStep) + i] = addend == null ? from[j] : from[j] + addend[i];
                }
                from += lineStep;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(float* s0, float* s1, float* s2, float* s3, float* target, nint step, bool adds = false, Vector128<float> added = default)
    {
        Vector128<float> a = Vector128.Load(s0);
        Vector128<float> b = Vector128.Load(s1);
        Vector128<float> c = Vector128.Load(s2);
        Vector128<float> e = Vector128.Load(s3);
        Vector128<float> abLow = InterleaveLow(a, b);
        Vector128<float> abHigh = InterleaveHigh(a, b);
        Vector128<float> ceLow = InterleaveLow(c, e);
        Vector128<float> ceHigh = InterleaveHigh(c, e);
        Vector128<float> first = Low(abLow, ceLow);
        Vector128<float> second = High(abLow, ceLow);
        Vector128<float> third = Low(abHigh, ceHigh);
        Vector128<float> fourth = High(abHigh, ceHigh);
        if (adds)
        {
            // Where there is no addend nothing is added: a zero would turn a negative one round.
            first += added;
            second += added;
            third += added;
            fourth += added;
        }
        first.Store(target);
        second.Store(target + step);
        third.Store(target + (2 * step));
        fourth.Store(target + (3 * step));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AcrossOneByOne(float* source, nint lineStep, int width, int depth, float* panel, int pitch)
    {
        for (int d = 0; d < depth; d++)
        {
            for (int i = 0; i < pitch; i++)
            {
                panel[i] = source[(Math.Min(i, width - 1) * lineStep) + d];
            }
            panel += pitch;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : Vector128.Create(a[2], b[2], a[3], b[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.MoveLowToHigh(a, b) : Vector128.Create(a[0], a[1], b[0], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.MoveHighToLow(b, a) : Vector128.Create(a[2], a[3], b[2], b[3]);
}
