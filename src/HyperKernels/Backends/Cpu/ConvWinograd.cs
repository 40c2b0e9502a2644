using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// The three linear maps of F(2x2, 3x3): a 2 by 2 tile of the result from a 4 by 4 tile of the source with 16 products instead of 36.
/// Every map is applied to a vector of tiles, or of kernels, at once. Source: A. Lavin, S. Gray, Fast Algorithms for Convolutional
/// Neural Networks, CVPR 2016, section 4.1.
/// </summary>
internal static unsafe class ConvWinograd
{
    /// <summary>Products of a tile.</summary>
    public const int Products = 16;

    /// <summary>
    /// <c>u = G g G'</c>. Number (r, c) of kernel n is <c>g[(3 r + c) * pitch + n]</c>, or of the kernel turned by 180 degrees; product
    /// p of it goes to <c>u[p * step + n]</c>. Reads and writes whole vectors.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Kernels<TVec>(float* g, nint pitch, bool turned, int count, float* u, nint step)
        where TVec : struct, IVec<TVec>
    {
        TVec half = TVec.Create(0.5f);
        float* first = turned ? g + (8 * pitch) : g;
        nint next = turned ? -pitch : pitch;
        for (int n = 0; n < count; n += TVec.Count)
        {
            float* u0 = u + n;
            for (int c = 0; c < 3; c++)
            {
                float* g0 = first + n + (c * next);
                TVec top = TVec.Load(g0);
                TVec middle = TVec.Load(g0 + (3 * next)) * half;
                TVec bottom = TVec.Load(g0 + (6 * next));
                TVec outer = (top + bottom) * half;
                // Columns wait in the places that the rows' map below takes them from.
                top.Store(u0 + (c * step));
                (outer + middle).Store(u0 + ((4 + c) * step));
                (outer - middle).Store(u0 + ((8 + c) * step));
                bottom.Store(u0 + ((12 + c) * step));
            }
            for (int r = 0; r < 4; r++)
            {
                TVec left = TVec.Load(u0);
                TVec middle = TVec.Load(u0 + step) * half;
                TVec right = TVec.Load(u0 + (2 * step));
                TVec outer = (left + right) * half;
                (outer + middle).Store(u0 + step);
                (outer - middle).Store(u0 + (2 * step));
                right.Store(u0 + (3 * step));
                u0 += 4 * step;
            }
        }
    }

    /// <summary>
    /// <c>v = B' d B</c> for a vector of tiles. Even and odd rows and columns of the source stand in planes of their own, so that
    /// neighbouring tiles are neighbouring numbers: even-even, even-odd, odd-even, odd-odd.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Source<TVec>(float* planes, nint plane, nint pitch, float* v, nint step)
        where TVec : struct, IVec<TVec>
    {
        Column<TVec>(planes, plane, pitch, out TVec a0, out TVec a1, out TVec a2, out TVec a3);
        Column<TVec>(planes + plane, plane, pitch, out TVec b0, out TVec b1, out TVec b2, out TVec b3);
        Column<TVec>(planes + 1, plane, pitch, out TVec c0, out TVec c1, out TVec c2, out TVec c3);
        Column<TVec>(planes + plane + 1, plane, pitch, out TVec d0, out TVec d1, out TVec d2, out TVec d3);
        Row(a0, b0, c0, d0, v, step);
        Row(a1, b1, c1, d1, v + (4 * step), step);
        Row(a2, b2, c2, d2, v + (8 * step), step);
        Row(a3, b3, c3, d3, v + (12 * step), step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column<TVec>(float* even, nint plane, nint pitch, out TVec t0, out TVec t1, out TVec t2, out TVec t3)
        where TVec : struct, IVec<TVec>
    {
        float* odd = even + (2 * plane);
        TVec second = TVec.Load(odd);
        TVec third = TVec.Load(even + pitch);
        t0 = TVec.Load(even) - third;
        t1 = second + third;
        t2 = third - second;
        t3 = second - TVec.Load(odd + pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<TVec>(TVec a, TVec b, TVec c, TVec d, float* v, nint step)
        where TVec : struct, IVec<TVec>
    {
        (a - c).Store(v);
        (b + c).Store(v + step);
        (c - b).Store(v + (2 * step));
        (b - d).Store(v + (3 * step));
    }

    /// <summary><c>y = A' m A + bias</c> for a vector of tiles: rows of the tile to <paramref name="upper"/> and <paramref name="lower"/>, two numbers per tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Result<TVec>(float* m, nint step, TVec bias, float* upper, float* lower)
        where TVec : struct, IVec<TVec>
    {
        Sums<TVec>(m, step, out TVec u0, out TVec l0);
        Sums<TVec>(m + step, step, out TVec u1, out TVec l1);
        Sums<TVec>(m + (2 * step), step, out TVec u2, out TVec l2);
        Sums<TVec>(m + (3 * step), step, out TVec u3, out TVec l3);
        TVec.StorePairs(upper, u0 + u1 + u2 + bias, u1 - u2 - u3 + bias, TVec.Count);
        TVec.StorePairs(lower, l0 + l1 + l2 + bias, l1 - l2 - l3 + bias, TVec.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sums<TVec>(float* m, nint step, out TVec upper, out TVec lower)
        where TVec : struct, IVec<TVec>
    {
        TVec second = TVec.Load(m + (4 * step));
        TVec third = TVec.Load(m + (8 * step));
        upper = TVec.Load(m) + second + third;
        lower = second - third - TVec.Load(m + (12 * step));
    }
}
