using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>One float: the path of a processor without vector registers.</summary>
internal unsafe struct Vec1 : IVec<Vec1>
{
    private float _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vec1(float value) => _value = value;

    // All bits set, as a vector comparison gives; it is a NaN, so it is only ever tested by its bits.
    private static float Mask(bool value) => BitConverter.Int32BitsToSingle(value ? -1 : 0);

    public static int Count => 1;

    public static Vec1 Zero => new(0);

    public static Vec1 Create(float value) => new(value);

    public static Vec1 Load(float* source) => new(*source);

    public readonly void Store(float* destination) => *destination = _value;

    public static Vec1 LoadPartial(float* source, int count) => new(count > 0 ? *source : 0);

    public readonly void StorePartial(float* destination, int count)
    {
        if (count > 0)
        {
            *destination = _value;
        }
    }

    public static void LoadPairs(float* source, int count, out Vec1 even, out Vec1 odd)
    {
        even = LoadPartial(source, count);
        odd = LoadPartial(source + 1, count);
    }

    public static void StorePairs(float* destination, Vec1 even, Vec1 odd, int count)
    {
        even.StorePartial(destination, count);
        odd.StorePartial(destination + 1, count);
    }

    public static Vec1 operator +(Vec1 a, Vec1 b) => new(a._value + b._value);

    public static Vec1 operator -(Vec1 a, Vec1 b) => new(a._value - b._value);

    public static Vec1 operator *(Vec1 a, Vec1 b) => new(a._value * b._value);

    public static Vec1 operator /(Vec1 a, Vec1 b) => new(a._value / b._value);

    public static Vec1 operator -(Vec1 a) => new(-a._value);

    public static Vec1 MultiplyAdd(Vec1 a, Vec1 b, Vec1 c) => new(float.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref Vec1 sum, Vec1 a, Vec1 b) => sum._value = float.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref Vec1 sum, Vec1 a, float* b) => sum._value = float.MultiplyAddEstimate(a._value, *b, sum._value);

    public static Vec1 Max(Vec1 a, Vec1 b) => new(MathF.Max(a._value, b._value));

    public static Vec1 Min(Vec1 a, Vec1 b) => new(MathF.Min(a._value, b._value));

    public static Vec1 MaxNative(Vec1 a, Vec1 b) => a._value > b._value ? a : b;

    public static Vec1 MinNative(Vec1 a, Vec1 b) => a._value < b._value ? a : b;

    public static Vec1 Abs(Vec1 a) => new(MathF.Abs(a._value));

    public static Vec1 Sqrt(Vec1 a) => new(MathF.Sqrt(a._value));

    public static Vec1 Round(Vec1 a) => new(MathF.Round(a._value));

    public static Vec1 Exp(Vec1 a) => VecMath.Exp(a);

    public static Vec1 ScaleByPowerOfTwo(Vec1 a, Vec1 exponent)
    {
        // Two factors, because 2^exponent alone leaves the range of a float before the product does.
        int whole = (int)exponent._value;
        int half = whole >> 1;
        float first = BitConverter.Int32BitsToSingle((half + 127) << 23);
        float second = BitConverter.Int32BitsToSingle((whole - half + 127) << 23);
        return new(a._value * first * second);
    }

    public static Vec1 Significand(Vec1 a, out Vec1 exponent)
    {
        int above = BitConverter.SingleToInt32Bits(a._value) - Philox.RootHalfBits;
        exponent = new(above >> 23);
        return new(BitConverter.Int32BitsToSingle((above & 0x7FFFFF) + Philox.RootHalfBits));
    }

    public static Vec1 Log(Vec1 a) => VecMath.Log(a);

    public static Vec1 Pow(Vec1 a, Vec1 b) => new(MathF.Pow(a._value, b._value));

    public static Vec1 Sin(Vec1 a) => VecMath.Sin(a);

    public static Vec1 Cos(Vec1 a) => VecMath.Cos(a);

    public static Vec1 SinOfLarge(Vec1 a) => new(MathF.Sin(a._value));

    public static Vec1 CosOfLarge(Vec1 a) => new(MathF.Cos(a._value));

    public static Vec1 NegateWhereOdd(Vec1 a, Vec1 whole) => ((int)whole._value & 1) != 0 ? -a : a;

    public static Vec1 LessThan(Vec1 a, Vec1 b) => new(Mask(a._value < b._value));

    public static Vec1 Equal(Vec1 a, Vec1 b) => new(Mask(a._value == b._value));

    public static bool Any(Vec1 mask) => BitConverter.SingleToInt32Bits(mask._value) != 0;

    public static Vec1 Select(Vec1 mask, Vec1 whenTrue, Vec1 whenFalse) =>
        BitConverter.SingleToInt32Bits(mask._value) != 0 ? whenTrue : whenFalse;

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

    public static float Sum(Vec1 a) => a._value;

    public static float MaxOf(Vec1 a) => a._value;
}
