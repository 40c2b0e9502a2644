using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// The linear maps of F(2x2, 3x3): a 2 by 2 tile of the result from a 4 by 4 tile of the source with 16 products instead of 36.
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

    /// <summary><c>v = B' d B</c> for a vector of tiles, or of channels of a tile; product p goes to <c>v[p * step]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Source<TVec>(float* d, in Places at, float* v, nint step)
        where TVec : struct, IVec<TVec>
    {
        Column<TVec>(d, at, out TVec a0, out TVec a1, out TVec a2, out TVec a3);
        Column<TVec>(d + at.OddColumn, at, out TVec b0, out TVec b1, out TVec b2, out TVec b3);
        Column<TVec>(d + at.NextColumn, at, out TVec c0, out TVec c1, out TVec c2, out TVec c3);
        Column<TVec>(d + at.OddColumn + at.NextColumn, at, out TVec d0, out TVec d1, out TVec d2, out TVec d3);
        Row(a0, b0, c0, d0, v, step);
        Row(a1, b1, c1, d1, v + (4 * step), step);
        Row(a2, b2, c2, d2, v + (8 * step), step);
        Row(a3, b3, c3, d3, v + (12 * step), step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column<TVec>(float* d, in Places at, out TVec t0, out TVec t1, out TVec t2, out TVec t3)
        where TVec : struct, IVec<TVec>
    {
        TVec second = TVec.Load(d + at.OddRow);
        TVec third = TVec.Load(d + at.NextRow);
        t0 = TVec.Load(d) - third;
        t1 = second + third;
        t2 = third - second;
        t3 = second - TVec.Load(d + at.OddRow + at.NextRow);
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

    /// <summary>
    /// <c>p = A e A'</c>, the adjoint of <see cref="Result"/>, for a vector of tiles: <paramref name="upper"/> and <paramref name="lower"/>
    /// hold <paramref name="count"/> pairs. Writes whole vectors.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ResultAdjoint<TVec>(float* upper, float* lower, int count, float* p, nint step)
        where TVec : struct, IVec<TVec>
    {
        TVec.LoadPairs(upper, count, out TVec left0, out TVec right0);
        TVec.LoadPairs(lower, count, out TVec left3, out TVec right3);
        Spread(left0, right0, p, step);
        Spread(left0 + left3, right0 + right3, p + (4 * step), step);
        Spread(left0 - left3, right0 - right3, p + (8 * step), step);
        Spread(-left3, -right3, p + (12 * step), step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Spread<TVec>(TVec left, TVec right, float* p, nint step)
        where TVec : struct, IVec<TVec>
    {
        left.Store(p);
        (left + right).Store(p + step);
        (left - right).Store(p + (2 * step));
        (-right).Store(p + (3 * step));
    }

    /// <summary><c>g = G' u G</c>, the adjoint of <see cref="Kernels"/>, for a vector of kernels: number (r, c) goes to <c>g[(3 r + c) * pitch]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void KernelsAdjoint<TVec>(float* u, nint step, float* g, nint pitch)
        where TVec : struct, IVec<TVec>
    {
        Gather<TVec>(u, step, out TVec a0, out TVec b0, out TVec c0);
        Gather<TVec>(u + step, step, out TVec a1, out TVec b1, out TVec c1);
        Gather<TVec>(u + (2 * step), step, out TVec a2, out TVec b2, out TVec c2);
        Gather<TVec>(u + (3 * step), step, out TVec a3, out TVec b3, out TVec c3);
        Narrow(a0, a1, a2, a3, g, pitch);
        Narrow(b0, b1, b2, b3, g + (3 * pitch), pitch);
        Narrow(c0, c1, c2, c3, g + (6 * pitch), pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gather<TVec>(float* u, nint step, out TVec top, out TVec middle, out TVec bottom)
        where TVec : struct, IVec<TVec>
    {
        TVec half = TVec.Create(0.5f);
        TVec second = TVec.Load(u + (4 * step));
        TVec third = TVec.Load(u + (8 * step));
        TVec outer = (second + third) * half;
        top = TVec.Load(u) + outer;
        middle = (second - third) * half;
        bottom = outer + TVec.Load(u + (12 * step));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Narrow<TVec>(TVec a, TVec b, TVec c, TVec d, float* g, nint pitch)
        where TVec : struct, IVec<TVec>
    {
        TVec half = TVec.Create(0.5f);
        TVec outer = (b + c) * half;
        (a + outer).Store(g);
        ((b - c) * half).Store(g + pitch);
        (outer + d).Store(g + (2 * pitch));
    }

    /// <summary>Where the rows and columns of a source tile stand: the second one Odd behind the first, the third and fourth Next behind those.</summary>
    internal struct Places
    {
        public nint OddRow;
        public nint NextRow;
        public nint OddColumn;
        public nint NextColumn;
    }
}
