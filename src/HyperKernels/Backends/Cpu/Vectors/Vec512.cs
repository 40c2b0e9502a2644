using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>16 floats in one 512-bit register.</summary>
internal unsafe struct Vec512 : IVec<Vec512>
{
    private Vector512<float> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vec512(Vector512<float> value) => _value = value;

    public static int Count => 16;

    public static Vec512 Zero => new(Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 LoadPartial(float* source, int count)
    {
        if (Avx512F.IsSupported)
        {
            return new(Avx512F.MaskLoad(source, FirstLanes(count), Vector512<float>.Zero));
        }
        float* lanes = stackalloc float[16];
        Vector512<float>.Zero.Store(lanes);
        for (int i = 0; i < count; i++)
        {
            lanes[i] = source[i];
        }
        return Load(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePartial(float* destination, int count)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(destination, FirstLanes(count), _value);
            return;
        }
        float* lanes = stackalloc float[16];
        Store(lanes);
        for (int i = 0; i < count; i++)
        {
            destination[i] = lanes[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> FirstLanes(int count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(float* source, int count, out Vec512 even, out Vec512 odd)
    {
        if (Avx512F.IsSupported)
        {
            Vec512 low = LoadPartial(source, Math.Min(2 * count, Count));
            Vec512 high = 2 * count > Count ? LoadPartial(source + Count, (2 * count) - Count) : Zero;
            even = new(Avx512F.PermuteVar16x32x2(low._value, Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), high._value));
            odd = new(Avx512F.PermuteVar16x32x2(low._value, Vector512.Create(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), high._value));
            return;
        }
        float* lanes = stackalloc float[2 * 16];
        for (int i = 0; i < 2 * 16; i++)
        {
            lanes[(i % 2 * 16) + (i / 2)] = i < 2 * count ? source[i] : 0;
        }
        even = Load(lanes);
        odd = Load(lanes + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePairs(float* destination, Vec512 even, Vec512 odd, int count)
    {
        if (Avx512F.IsSupported)
        {
            Vec512 low = new(Avx512F.PermuteVar16x32x2(even._value, Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), odd._value));
            Vec512 high = new(Avx512F.PermuteVar16x32x2(even._value, Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), odd._value));
            low.StorePartial(destination, Math.Min(2 * count, Count));
            if (2 * count > Count)
            {
                high.StorePartial(destination + Count, (2 * count) - Count);
            }
            return;
        }
        float* lanes = stackalloc float[2 * 16];
        even.Store(lanes);
        odd.Store(lanes + 16);
        for (int i = 0; i < 2 * count; i++)
        {
            destination[i] = lanes[(i % 2 * 16) + (i / 2)];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 operator +(Vec512 a, Vec512 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 operator -(Vec512 a, Vec512 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 operator *(Vec512 a, Vec512 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 operator /(Vec512 a, Vec512 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 operator -(Vec512 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 MultiplyAdd(Vec512 a, Vec512 b, Vec512 c) => new(Vector512.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref Vec512 sum, Vec512 a, Vec512 b) => sum._value = Vector512.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref Vec512 sum, Vec512 a, float* b) => sum._value = Vector512.MultiplyAddEstimate(a._value, Vector512.Load(b), sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Max(Vec512 a, Vec512 b) => new(Vector512.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Min(Vec512 a, Vec512 b) => new(Vector512.Min(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 MaxNative(Vec512 a, Vec512 b) => new(Vector512.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 MinNative(Vec512 a, Vec512 b) => new(Vector512.MinNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Abs(Vec512 a) => new(Vector512.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Sqrt(Vec512 a) => new(Vector512.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Round(Vec512 a) => new(Vector512.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Exp(Vec512 a) => VecMath.Exp(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 ScaleByPowerOfTwo(Vec512 a, Vec512 exponent)
    {
        if (Avx512F.IsSupported)
        {
            return new(Avx512F.Scale(a._value, exponent._value));
        }
        // Two factors, because 2^exponent alone leaves the range of a float before the product does.
        Vector512<int> whole = Vector512.ConvertToInt32Native(exponent._value);
        Vector512<int> half = Vector512.ShiftRightArithmetic(whole, 1);
        Vector512<int> bias = Vector512.Create(127);
        Vector512<float> first = Vector512.ShiftLeft(half + bias, 23).AsSingle();
        Vector512<float> second = Vector512.ShiftLeft(whole - half + bias, 23).AsSingle();
        return new(a._value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Significand(Vec512 a, out Vec512 exponent)
    {
        Vector512<int> least = Vector512.Create(Philox.RootHalfBits);
        Vector512<int> above = a._value.AsInt32() - least;
        exponent = new(Vector512.ConvertToSingle(Vector512.ShiftRightArithmetic(above, 23)));
        return new(((above & Vector512.Create(0x7FFFFF)) + least).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Log(Vec512 a) => VecMath.Log(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Pow(Vec512 a, Vec512 b) => new(Vector512.Create(Pow(a._value.GetLower(), b._value.GetLower()), Pow(a._value.GetUpper(), b._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pow(Vector256<float> a, Vector256<float> b) =>
        Vector256.Create(VecMath.Pow(a.GetLower(), b.GetLower()), VecMath.Pow(a.GetUpper(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Sin(Vec512 a) => VecMath.Sin(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Cos(Vec512 a) => VecMath.Cos(a);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vec512 SinOfLarge(Vec512 a) => new(Vector512.Sin(a._value));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vec512 CosOfLarge(Vec512 a) => new(Vector512.Cos(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 NegateWhereOdd(Vec512 a, Vec512 whole) =>
        new((a._value.AsInt32() ^ Vector512.ShiftLeft(Vector512.ConvertToInt32Native(whole._value), 31)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 LessThan(Vec512 a, Vec512 b) => new(Vector512.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Equal(Vec512 a, Vec512 b) => new(Vector512.Equals(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(Vec512 mask) => mask._value.AsInt32() != Vector512<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec512 Select(Vec512 mask, Vec512 whenTrue, Vec512 whenFalse) =>
        new(Vector512.ConditionalSelect(mask._value, whenTrue._value, whenFalse._value));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SumEach(float* registers, float* sums, int count)
    {
        int done = 0;
        if (Avx512F.IsSupported)
        {
            for (; done <= count - 16; done += 16)
            {
                Vector512<float> a = Sum4(registers);
                Vector512<float> b = Sum4(registers + 64);
                Vector512<float> c = Sum4(registers + 128);
                Vector512<float> d = Sum4(registers + 192);
                registers += 256;
                Vector512<float> ab = Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b);
                Vector512<float> cd = Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d);
                Vector512<float> all = Avx512F.Shuffle(ab, cd, 0x44) + Avx512F.Shuffle(ab, cd, 0xEE);
                // Lane 4 g + k holds register 4 k + g.
                Vector512<int> order = Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
                Avx512F.PermuteVar16x32(all, order).Store(sums + done);
            }
        }
        for (; done < count; done++)
        {
            sums[done] = Sum(Load(registers));
            registers += Count;
        }
    }

    /// <summary>Four registers folded into a quarter each: quarter g belongs to register g.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Sum4(float* r)
    {
        Vector512<float> a = Vector512.Load(r);
        Vector512<float> b = Vector512.Load(r + 16);
        Vector512<float> c = Vector512.Load(r + 32);
        Vector512<float> d = Vector512.Load(r + 48);
        Vector512<float> ab = Avx512F.Shuffle4x128(a, b, 0x44) + Avx512F.Shuffle4x128(a, b, 0xEE);
        Vector512<float> cd = Avx512F.Shuffle4x128(c, d, 0x44) + Avx512F.Shuffle4x128(c, d, 0xEE);
        return Avx512F.Shuffle4x128(ab, cd, 0x88) + Avx512F.Shuffle4x128(ab, cd, 0xDD);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vec512 a) => Vector512.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumEight(Vec512 s0, Vec512 s1, Vec512 s2, Vec512 s3, Vec512 s4, Vec512 s5, Vec512 s6, Vec512 s7, float* sums)
    {
        Vector256<float> low = Vec256.EightSums(
            s0._value.GetLower(), s1._value.GetLower(), s2._value.GetLower(), s3._value.GetLower(),
            s4._value.GetLower(), s5._value.GetLower(), s6._value.GetLower(), s7._value.GetLower());
        Vector256<float> high = Vec256.EightSums(
            s0._value.GetUpper(), s1._value.GetUpper(), s2._value.GetUpper(), s3._value.GetUpper(),
            s4._value.GetUpper(), s5._value.GetUpper(), s6._value.GetUpper(), s7._value.GetUpper());
        (low + high).Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxOf(Vec512 a)
    {
        Vector256<float> half = Vector256.Max(a._value.GetLower(), a._value.GetUpper());
        return Vec128.MaxOf(new(Vector128.Max(half.GetLower(), half.GetUpper())));
    }
}
