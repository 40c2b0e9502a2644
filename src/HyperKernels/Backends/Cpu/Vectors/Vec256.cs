using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>8 floats in one 256-bit register.</summary>
internal unsafe struct Vec256 : IVec<Vec256>
{
    private Vector256<float> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vec256(Vector256<float> value) => _value = value;

    public readonly Vector256<float> Value => _value;

    public static int Count => 8;

    public static Vec256 Zero => new(Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 LoadPartial(float* source, int count)
    {
        if (Avx.IsSupported)
        {
            return new(Avx.MaskLoad(source, FirstLanes(count)));
        }
        float* lanes = stackalloc float[8];
        Vector256<float>.Zero.Store(lanes);
        for (int i = 0; i < count; i++)
        {
            lanes[i] = source[i];
        }
        return Load(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePartial(float* destination, int count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(destination, FirstLanes(count), _value);
            return;
        }
        float* lanes = stackalloc float[8];
        Store(lanes);
        for (int i = 0; i < count; i++)
        {
            destination[i] = lanes[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> FirstLanes(int count) =>
        Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(float* source, int count, out Vec256 even, out Vec256 odd)
    {
        if (Avx2.IsSupported)
        {
            Vec256 low = LoadPartial(source, Math.Min(2 * count, Count));
            Vec256 high = 2 * count > Count ? LoadPartial(source + Count, (2 * count) - Count) : Zero;
            even = new(Avx2.Permute4x64(Avx.Shuffle(low._value, high._value, 0x88).AsDouble(), 0xD8).AsSingle());
            odd = new(Avx2.Permute4x64(Avx.Shuffle(low._value, high._value, 0xDD).AsDouble(), 0xD8).AsSingle());
            return;
        }
        float* lanes = stackalloc float[2 * 8];
        for (int i = 0; i < 2 * 8; i++)
        {
            lanes[(i % 2 * 8) + (i / 2)] = i < 2 * count ? source[i] : 0;
        }
        even = Load(lanes);
        odd = Load(lanes + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePairs(float* destination, Vec256 even, Vec256 odd, int count)
    {
        if (Avx2.IsSupported)
        {
            Vector256<float> outer = Avx.UnpackLow(even._value, odd._value);
            Vector256<float> inner = Avx.UnpackHigh(even._value, odd._value);
            Vec256 low = new(Avx.Permute2x128(outer, inner, 0x20));
            Vec256 high = new(Avx.Permute2x128(outer, inner, 0x31));
            low.StorePartial(destination, Math.Min(2 * count, Count));
            if (2 * count > Count)
            {
                high.StorePartial(destination + Count, (2 * count) - Count);
            }
            return;
        }
        float* lanes = stackalloc float[2 * 8];
        even.Store(lanes);
        odd.Store(lanes + 8);
        for (int i = 0; i < 2 * count; i++)
        {
            destination[i] = lanes[(i % 2 * 8) + (i / 2)];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 operator +(Vec256 a, Vec256 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 operator -(Vec256 a, Vec256 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 operator *(Vec256 a, Vec256 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 operator /(Vec256 a, Vec256 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 operator -(Vec256 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 MultiplyAdd(Vec256 a, Vec256 b, Vec256 c) => new(Vector256.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref Vec256 sum, Vec256 a, Vec256 b) => sum._value = Vector256.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref Vec256 sum, Vec256 a, float* b) => sum._value = Vector256.MultiplyAddEstimate(a._value, Vector256.Load(b), sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Max(Vec256 a, Vec256 b) => new(Vector256.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Min(Vec256 a, Vec256 b) => new(Vector256.Min(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 MaxNative(Vec256 a, Vec256 b) => new(Vector256.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 MinNative(Vec256 a, Vec256 b) => new(Vector256.MinNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Abs(Vec256 a) => new(Vector256.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Sqrt(Vec256 a) => new(Vector256.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Round(Vec256 a) => new(Vector256.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Exp(Vec256 a) => VecMath.Exp(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 ScaleByPowerOfTwo(Vec256 a, Vec256 exponent)
    {
        // Two factors, because 2^exponent alone leaves the range of a float before the product does.
        Vector256<int> whole = Vector256.ConvertToInt32Native(exponent._value);
        Vector256<int> half = Vector256.ShiftRightArithmetic(whole, 1);
        Vector256<int> bias = Vector256.Create(127);
        Vector256<float> first = Vector256.ShiftLeft(half + bias, 23).AsSingle();
        Vector256<float> second = Vector256.ShiftLeft(whole - half + bias, 23).AsSingle();
        return new(a._value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Significand(Vec256 a, out Vec256 exponent)
    {
        Vector256<int> least = Vector256.Create(Philox.RootHalfBits);
        Vector256<int> above = a._value.AsInt32() - least;
        exponent = new(Vector256.ConvertToSingle(Vector256.ShiftRightArithmetic(above, 23)));
        return new(((above & Vector256.Create(0x7FFFFF)) + least).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Log(Vec256 a) => VecMath.Log(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Pow(Vec256 a, Vec256 b) =>
        new(Vector256.Create(VecMath.Pow(a._value.GetLower(), b._value.GetLower()), VecMath.Pow(a._value.GetUpper(), b._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Sin(Vec256 a) => VecMath.Sin(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Cos(Vec256 a) => VecMath.Cos(a);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vec256 SinOfLarge(Vec256 a) => new(Vector256.Sin(a._value));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vec256 CosOfLarge(Vec256 a) => new(Vector256.Cos(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 NegateWhereOdd(Vec256 a, Vec256 whole) =>
        new((a._value.AsInt32() ^ Vector256.ShiftLeft(Vector256.ConvertToInt32Native(whole._value), 31)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 LessThan(Vec256 a, Vec256 b) => new(Vector256.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Equal(Vec256 a, Vec256 b) => new(Vector256.Equals(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(Vec256 mask) => mask._value.AsInt32() != Vector256<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec256 Select(Vec256 mask, Vec256 whenTrue, Vec256 whenFalse) =>
        new(Vector256.ConditionalSelect(mask._value, whenTrue._value, whenFalse._value));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SumEach(float* registers, float* sums, int count)
    {
        int done = 0;
        for (; done < count; done++)
        {
            sums[done] = Sum(Load(registers));
            registers += Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vec256 a) => Vector256.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumEight(Vec256 s0, Vec256 s1, Vec256 s2, Vec256 s3, Vec256 s4, Vec256 s5, Vec256 s6, Vec256 s7, float* sums) =>
        EightSums(s0._value, s1._value, s2._value, s3._value, s4._value, s5._value, s6._value, s7._value).Store(sums);

    /// <summary>The sums of eight registers, each in the order of <see cref="Sum"/>: neighbours, pairs of them, halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> EightSums(
        Vector256<float> s0, Vector256<float> s1, Vector256<float> s2, Vector256<float> s3,
        Vector256<float> s4, Vector256<float> s5, Vector256<float> s6, Vector256<float> s7)
    {
        Vector256<float> first = Pairs(Pairs(s0, s1), Pairs(s2, s3));
        Vector256<float> last = Pairs(Pairs(s4, s5), Pairs(s6, s7));
        return Vector256.Create(first.GetLower() + first.GetUpper(), last.GetLower() + last.GetUpper());
    }

    // In every half: a0 + a1, a2 + a3, b0 + b1, b2 + b3.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pairs(Vector256<float> a, Vector256<float> b) => Avx.IsSupported
        ? Avx.Shuffle(a, b, 0x88) + Avx.Shuffle(a, b, 0xDD)
        : Vector256.Create(Pairs(a.GetLower(), b.GetLower()), Pairs(a.GetUpper(), b.GetUpper()));

    private static Vector128<float> Pairs(Vector128<float> a, Vector128<float> b) =>
        Vector128.Create(a[0] + a[1], a[2] + a[3], b[0] + b[1], b[2] + b[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxOf(Vec256 a) => Vec128.MaxOf(new(Vector128.Max(a._value.GetLower(), a._value.GetUpper())));
}
