using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>4 floats in one 128-bit register.</summary>
internal unsafe struct Vec128 : IVec<Vec128>
{
    private Vector128<float> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vec128(Vector128<float> value) => _value = value;

    public static int Count => 4;

    public static Vec128 Zero => new(Vector128<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 LoadPartial(float* source, int count)
    {
        if (Avx.IsSupported)
        {
            return new(Avx.MaskLoad(source, FirstLanes(count)));
        }
        float* lanes = stackalloc float[4];
        Vector128<float>.Zero.Store(lanes);
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
        float* lanes = stackalloc float[4];
        Store(lanes);
        for (int i = 0; i < count; i++)
        {
            destination[i] = lanes[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> FirstLanes(int count) =>
        Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(float* source, int count, out Vec128 even, out Vec128 odd)
    {
        if (Sse.IsSupported)
        {
            Vec128 low = LoadPartial(source, Math.Min(2 * count, Count));
            Vec128 high = 2 * count > Count ? LoadPartial(source + Count, (2 * count) - Count) : Zero;
            even = new(Sse.Shuffle(low._value, high._value, 0x88));
            odd = new(Sse.Shuffle(low._value, high._value, 0xDD));
            return;
        }
        float* lanes = stackalloc float[2 * 4];
        for (int i = 0; i < 2 * 4; i++)
        {
            lanes[(i % 2 * 4) + (i / 2)] = i < 2 * count ? source[i] : 0;
        }
        even = Load(lanes);
        odd = Load(lanes + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePairs(float* destination, Vec128 even, Vec128 odd, int count)
    {
        if (Sse.IsSupported)
        {
            Vec128 low = new(Sse.UnpackLow(even._value, odd._value));
            Vec128 high = new(Sse.UnpackHigh(even._value, odd._value));
            low.StorePartial(destination, Math.Min(2 * count, Count));
            if (2 * count > Count)
            {
                high.StorePartial(destination + Count, (2 * count) - Count);
            }
            return;
        }
        float* lanes = stackalloc float[2 * 4];
        even.Store(lanes);
        odd.Store(lanes + 4);
        for (int i = 0; i < 2 * count; i++)
        {
            destination[i] = lanes[(i % 2 * 4) + (i / 2)];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 operator +(Vec128 a, Vec128 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 operator -(Vec128 a, Vec128 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 operator *(Vec128 a, Vec128 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 operator /(Vec128 a, Vec128 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 operator -(Vec128 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 MultiplyAdd(Vec128 a, Vec128 b, Vec128 c) => new(Vector128.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref Vec128 sum, Vec128 a, Vec128 b) => sum._value = Vector128.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref Vec128 sum, Vec128 a, float* b) => sum._value = Vector128.MultiplyAddEstimate(a._value, Vector128.Load(b), sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Max(Vec128 a, Vec128 b) => new(Vector128.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Min(Vec128 a, Vec128 b) => new(Vector128.Min(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 MaxNative(Vec128 a, Vec128 b) => new(Vector128.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 MinNative(Vec128 a, Vec128 b) => new(Vector128.MinNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Abs(Vec128 a) => new(Vector128.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Sqrt(Vec128 a) => new(Vector128.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Round(Vec128 a) => new(Vector128.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Exp(Vec128 a) => VecMath.Exp(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 ScaleByPowerOfTwo(Vec128 a, Vec128 exponent)
    {
        // Two factors, because 2^exponent alone leaves the range of a float before the product does.
        Vector128<int> whole = Vector128.ConvertToInt32Native(exponent._value);
        Vector128<int> half = Vector128.ShiftRightArithmetic(whole, 1);
        Vector128<int> bias = Vector128.Create(127);
        Vector128<float> first = Vector128.ShiftLeft(half + bias, 23).AsSingle();
        Vector128<float> second = Vector128.ShiftLeft(whole - half + bias, 23).AsSingle();
        return new(a._value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Significand(Vec128 a, out Vec128 exponent)
    {
        Vector128<int> least = Vector128.Create(Philox.RootHalfBits);
        Vector128<int> above = a._value.AsInt32() - least;
        exponent = new(Vector128.ConvertToSingle(Vector128.ShiftRightArithmetic(above, 23)));
        return new(((above & Vector128.Create(0x7FFFFF)) + least).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Log(Vec128 a) => VecMath.Log(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Pow(Vec128 a, Vec128 b) => new(VecMath.Pow(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Sin(Vec128 a) => VecMath.Sin(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Cos(Vec128 a) => VecMath.Cos(a);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vec128 SinOfLarge(Vec128 a) => new(Vector128.Sin(a._value));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vec128 CosOfLarge(Vec128 a) => new(Vector128.Cos(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 NegateWhereOdd(Vec128 a, Vec128 whole) =>
        new((a._value.AsInt32() ^ Vector128.ShiftLeft(Vector128.ConvertToInt32Native(whole._value), 31)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 LessThan(Vec128 a, Vec128 b) => new(Vector128.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Equal(Vec128 a, Vec128 b) => new(Vector128.Equals(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(Vec128 mask) => mask._value.AsInt32() != Vector128<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec128 Select(Vec128 mask, Vec128 whenTrue, Vec128 whenFalse) =>
        new(Vector128.ConditionalSelect(mask._value, whenTrue._value, whenFalse._value));

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
    public static float Sum(Vec128 a) => Vector128.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxOf(Vec128 a)
    {
        Vector128<float> half = Vector128.Max(a._value, Vector128.Shuffle(a._value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
