using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>
/// Elementwise ops over merged axes, one element a thread or four neighbours. An op is a structure (Lib/UnaryOps, Lib/BinaryOps), and its kernels are these.
/// </summary>
internal static class ElementwiseKernels
{
    /// <summary>y = op(a, b, c; p, q), y dense.   Any launch size, one thread per element; y may be an operand that is dense too.</summary>
    [Kernel]
    public static void Single<TOp>(ElementwiseArguments p)
        where TOp : struct, IElementwise
    {
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            Places at = p.Axes.At(i);
            p.Result[i] = TOp.Apply(p.A[at.A], p.B[at.B], p.C[at.C], p.P, p.Q);
        }
    }

    /// <summary>
    /// The same for four neighbours per thread: count fours, then tail single elements, which only a single axis may have. Axes count fours on the last one, where an
    /// operand steps by 4 or, repeated, by 0.   Any launch size. Places are multiples of 16 bytes where an operand steps.
    /// </summary>
    [Kernel]
    public static void Fours<TOp>(ElementwiseArguments p)
        where TOp : struct, IElementwise
    {
        Axis inner = p.Axes.Innermost;
        ArrayView<F4> result = p.Result.Cast<F4>();
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            Places at = p.Axes.At(i);
            F4 a = Four(p.A, at.A, inner.A);
            F4 b = Four(p.B, at.B, inner.B);
            F4 c = Four(p.C, at.C, inner.C);
            result[i] = new F4(
                TOp.Apply(a.X, b.X, c.X, p.P, p.Q), TOp.Apply(a.Y, b.Y, c.Y, p.P, p.Q), TOp.Apply(a.Z, b.Z, c.Z, p.P, p.Q), TOp.Apply(a.W, b.W, c.W, p.P, p.Q));
        }
        if (Threads.Global < p.Tail)
        {
            long i = (4 * p.Count) + Threads.Global;
            p.Result[i] = TOp.Apply(p.A[inner.A == 0 ? 0 : i], p.B[inner.B == 0 ? 0 : i], p.C[inner.C == 0 ? 0 : i], p.P, p.Q);
        }
    }

    // Four neighbours of an operand that steps, or its one value four times.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F4 Four(ArrayView<float> view, long place, long step)
    {
        F4 four;
        if (step == 0)
        {
            four = F4.All(view[place]);
        }
        else
        {
            four = view.Cast<F4>()[place >> 2];
        }
        return four;
    }
}

/// <summary>Arguments of <see cref="ElementwiseKernels"/>.</summary>
internal struct ElementwiseArguments
{
    public Axes Axes;
    public ArrayView<float> A;
    public ArrayView<float> B;
    public ArrayView<float> C;
    public float P;
    public float Q;
    public long Count;
    public int Tail;
    public ArrayView<float> Result;
}
