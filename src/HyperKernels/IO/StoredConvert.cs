using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HyperKernels.IO;

/// <summary>Where a run of elements lies in a file, for messages.</summary>
/// <param name="Path">The file.</param>
/// <param name="Offset">Where its first byte lies in the file.</param>
/// <param name="Subject">What it is, for example <c>tensor "weight"</c>.</param>
/// <param name="Reordered">The elements lie in another order in the file: only the place of the whole run is known.</param>
internal readonly record struct StoredOrigin(string Path, long Offset, string Subject, bool Reordered = false)
{
    internal InvalidDataException Fail(int index, int elementSize, string rule) =>
        BadFile.At(Path, Reordered ? Offset : Offset + ((long)index * elementSize), $"{Subject} {rule}");
}

/// <summary>
/// Converts little-endian elements. Floating types convert into one another (a finite value may not become infinite); whole numbers
/// convert where they stay exact; floating types never become whole numbers.
/// </summary>
internal static class StoredConvert
{
    // Whole numbers up to here are exact in the floating type: 24 and 53 bits of significand.
    private const long MaxExactSingle = 1L << 24;
    private const long MaxExactDouble = 1L << 53;

    internal static void ToFloat32(StoredType type, ReadOnlySpan<byte> bytes, Span<float> values, in StoredOrigin origin)
    {
        switch (type)
        {
            case StoredType.F32:
                bytes.CopyTo(MemoryMarshal.AsBytes(values));
                break;
            case StoredType.F64:
                Narrow(MemoryMarshal.Cast<byte, double>(bytes), values, origin);
                break;
            case StoredType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
                break;
            case StoredType.BF16:
                Widen(type, bytes, values);
                break;
            default:
                Whole(type, bytes, values, -MaxExactSingle, MaxExactSingle, origin);
                break;
        }
    }

    internal static void ToFloat64(StoredType type, ReadOnlySpan<byte> bytes, Span<double> values, in StoredOrigin origin)
    {
        switch (type)
        {
            case StoredType.F64:
                bytes.CopyTo(MemoryMarshal.AsBytes(values));
                break;
            case StoredType.F32 or StoredType.F16 or StoredType.BF16:
                Widen(type, bytes, values);
                break;
            default:
                Whole(type, bytes, values, -MaxExactDouble, MaxExactDouble, origin);
                break;
        }
    }

    internal static void ToInt32(StoredType type, ReadOnlySpan<byte> bytes, Span<int> values, in StoredOrigin origin)
    {
        if (type == StoredType.I32)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(values));
            return;
        }
        Whole(type, bytes, values, int.MinValue, int.MaxValue, origin);
    }

    internal static void ToInt64(StoredType type, ReadOnlySpan<byte> bytes, Span<long> values, in StoredOrigin origin)
    {
        if (type == StoredType.I64)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(values));
            return;
        }
        Whole(type, bytes, values, long.MinValue, long.MaxValue, origin);
    }

    private static void Narrow(ReadOnlySpan<double> source, Span<float> values, in StoredOrigin origin)
    {
        for (int i = 0; i < values.Length; i++)
        {
            float value = (float)source[i];
            if (float.IsInfinity(value) && double.IsFinite(source[i]))
            {
                throw origin.Fail(i, sizeof(double), FormattableString.Invariant(
                    $"holds {source[i]:R}, which float32 cannot hold; read it as float64."));
            }
            values[i] = value;
        }
    }

    private static void Widen<TTo>(StoredType type, ReadOnlySpan<byte> bytes, Span<TTo> values)
        where TTo : unmanaged, IFloatingPoint<TTo>
    {
        switch (type)
        {
            case StoredType.F32:
                ReadOnlySpan<float> singles = MemoryMarshal.Cast<byte, float>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = TTo.CreateTruncating(singles[i]);
                }
                break;
            case StoredType.F16:
                ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = TTo.CreateTruncating(halves[i]);
                }
                break;
            default:
                ReadOnlySpan<ushort> upper = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = TTo.CreateTruncating(BitConverter.UInt32BitsToSingle((uint)upper[i] << 16));
                }
                break;
        }
    }

    private static void Whole<TTo>(
        StoredType type, ReadOnlySpan<byte> bytes, Span<TTo> values, long min, long max, in StoredOrigin origin)
        where TTo : unmanaged, INumber<TTo>
    {
        switch (type)
        {
            case StoredType.Bool:
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = bytes[i] != 0 ? TTo.One : TTo.Zero;
                }
                break;
            case StoredType.U8: Whole<byte, TTo>(bytes, values, min, max, origin); break;
            case StoredType.I8: Whole<sbyte, TTo>(bytes, values, min, max, origin); break;
            case StoredType.I16: Whole<short, TTo>(bytes, values, min, max, origin); break;
            case StoredType.U16: Whole<ushort, TTo>(bytes, values, min, max, origin); break;
            case StoredType.I32: Whole<int, TTo>(bytes, values, min, max, origin); break;
            case StoredType.U32: Whole<uint, TTo>(bytes, values, min, max, origin); break;
            case StoredType.I64: Whole<long, TTo>(bytes, values, min, max, origin); break;
            case StoredType.U64: Whole<ulong, TTo>(bytes, values, min, max, origin); break;
            default:
                throw origin.Fail(0, type.Size(), $"is {type.Name()}; whole numbers were asked for.");
        }
    }

    private static void Whole<TFrom, TTo>(
        ReadOnlySpan<byte> bytes, Span<TTo> values, long min, long max, in StoredOrigin origin)
        where TFrom : unmanaged, IBinaryInteger<TFrom>
        where TTo : unmanaged, INumber<TTo>
    {
        ReadOnlySpan<TFrom> source = MemoryMarshal.Cast<byte, TFrom>(bytes);
        // The bounds in the source's own type: where it is narrower they saturate to what it can hold, and never refuse.
        TFrom low = TFrom.CreateSaturating(min);
        TFrom high = TFrom.CreateSaturating(max);
        for (int i = 0; i < values.Length; i++)
        {
            if (source[i] < low || source[i] > high)
            {
                throw origin.Fail(i, Unsafe.SizeOf<TFrom>(), FormattableString.Invariant(
                    $"holds {source[i]}, outside {BadFile.N(min)} to {BadFile.N(max)}; read it as a wider type."));
            }
            values[i] = TTo.CreateTruncating(source[i]);
        }
    }
}
