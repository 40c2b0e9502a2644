using System.Collections.Immutable;
using System.Globalization;

namespace HyperKernels.IO;

/// <summary>Sizes and names of element types, and the arithmetic of shapes before anything is allocated.</summary>
internal static class StoredTypes
{
    /// <summary>More dimensions than any array in use has; bounds what a hostile header can make a reader keep.</summary>
    internal const int MaxRank = 64;

    /// <summary>Every name, for messages.</summary>
    internal const string AllNames = "F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL";

    internal static int Size(this StoredType type) => type switch
    {
        StoredType.Bool or StoredType.U8 or StoredType.I8 => 1,
        StoredType.I16 or StoredType.U16 or StoredType.F16 or StoredType.BF16 => 2,
        StoredType.I32 or StoredType.U32 or StoredType.F32 => 4,
        StoredType.F64 or StoredType.I64 or StoredType.U64 => 8,
        _ => throw Throw.Undefined(nameof(StoredType), type),
    };

    /// <summary>The name safetensors headers use.</summary>
    internal static string Name(this StoredType type) => type switch
    {
        StoredType.Bool => "BOOL",
        StoredType.U8 => "U8",
        StoredType.I8 => "I8",
        StoredType.I16 => "I16",
        StoredType.U16 => "U16",
        StoredType.F16 => "F16",
        StoredType.BF16 => "BF16",
        StoredType.I32 => "I32",
        StoredType.U32 => "U32",
        StoredType.F32 => "F32",
        StoredType.F64 => "F64",
        StoredType.I64 => "I64",
        StoredType.U64 => "U64",
        _ => throw Throw.Undefined(nameof(StoredType), type),
    };

    internal static bool TryParse(string name, out StoredType type)
    {
        for (type = StoredType.Bool; type <= StoredType.U64; type++)
        {
            if (type.Name() == name)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The element type that holds values of <typeparamref name="T"/>.</summary>
    internal static StoredType Of<T>()
        where T : unmanaged
    {
        // Each comparison is a constant to the compiler, so that one branch remains.
        return typeof(T) == typeof(float) ? StoredType.F32
            : typeof(T) == typeof(double) ? StoredType.F64
            : typeof(T) == typeof(Half) ? StoredType.F16
            : typeof(T) == typeof(long) ? StoredType.I64
            : typeof(T) == typeof(int) ? StoredType.I32
            : typeof(T) == typeof(short) ? StoredType.I16
            : typeof(T) == typeof(sbyte) ? StoredType.I8
            : typeof(T) == typeof(ulong) ? StoredType.U64
            : typeof(T) == typeof(uint) ? StoredType.U32
            : typeof(T) == typeof(ushort) ? StoredType.U16
            : typeof(T) == typeof(byte) ? StoredType.U8
            : typeof(T) == typeof(bool) ? StoredType.Bool
            : throw new ArgumentException($"elements must be of a numeric type or bool; got {typeof(T).Name}");
    }

    /// <summary>The product of the sizes times the element size, or false where it passes 63 bits or a size is negative.</summary>
    internal static bool TryByteLength(ReadOnlySpan<long> shape, StoredType type, out long elements, out long bytes)
    {
        elements = 1;
        bytes = 0;
        foreach (long size in shape)
        {
            Int128 product = (Int128)elements * size;
            if (size < 0 || product > long.MaxValue)
            {
                return false;
            }
            elements = (long)product;
        }
        Int128 total = (Int128)elements * type.Size();
        bytes = (long)Int128.Min(total, long.MaxValue);
        return total <= long.MaxValue;
    }

    /// <summary>The number of elements of a shape that has been checked.</summary>
    internal static long Count(ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long size in shape)
        {
            count *= size;
        }
        return count;
    }

    /// <summary>Checks a shape that a caller gives against the number of elements beside it.</summary>
    internal static ImmutableArray<long> CheckShape(string where, ReadOnlySpan<long> shape, long elements)
    {
        if (shape.Length > MaxRank)
        {
            throw new ArgumentException($"{where}: a shape must have at most {MaxRank} dimensions; got {shape.Length}.");
        }
        if (!TryByteLength(shape, StoredType.U8, out long needed, out _) || needed != elements)
        {
            throw new ArgumentException($"{where}: values must fill the shape {Text(shape)}; got {elements} values.");
        }
        return ImmutableArray.Create(shape);
    }

    internal static string Text(ReadOnlySpan<long> shape)
    {
        string[] sizes = new string[shape.Length];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = shape[i].ToString(CultureInfo.InvariantCulture);
        }
        return $"[{string.Join(", ", sizes)}]";
    }
}
