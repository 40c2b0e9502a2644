using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace HyperKernels.IO;

/// <summary>Holds an array as a file gave it: type, shape and elements, row-major and little-endian.</summary>
public sealed class NumericArray
{
    private readonly byte[] _bytes;
    private readonly StoredOrigin _origin;

    internal NumericArray(StoredType type, ImmutableArray<long> shape, byte[] bytes, StoredOrigin origin)
    {
        Type = type;
        Shape = shape;
        _bytes = bytes;
        _origin = origin;
    }

    /// <summary>Gets the type of the elements.</summary>
    public StoredType Type { get; }

    /// <summary>Gets the sizes, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Gets the number of elements.</summary>
    public int Length => _bytes.Length / Type.Size();

    /// <summary>Gets the elements as little-endian bytes; of U8 arrays these are the values.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Copies values of a numeric type or bool.</summary>
    /// <typeparam name="T">float, double, Half, bool or an integer type of 8 to 64 bits.</typeparam>
    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">Their sizes; none for a scalar.</param>
    /// <returns>The array.</returns>
    /// <exception cref="ArgumentException">The values do not fill the shape, or have another type.</exception>
    public static NumericArray From<T>(ReadOnlySpan<T> values, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        StoredType type = StoredTypes.Of<T>();
        ImmutableArray<long> sizes = StoredTypes.CheckShape("NumericArray.From", shape, values.Length);
        return new NumericArray(type, sizes, MemoryMarshal.AsBytes(values).ToArray(), new StoredOrigin("memory", 0, "the array"));
    }

    /// <summary>Copies values of a numeric type or bool.</summary>
    /// <typeparam name="T">float, double, Half, bool or an integer type of 8 to 64 bits.</typeparam>
    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">Their sizes; none for a scalar.</param>
    /// <returns>The array.</returns>
    /// <exception cref="ArgumentException">The values do not fill the shape, or have another type.</exception>
    public static NumericArray From<T>(T[] values, params ReadOnlySpan<long> shape)
        where T : unmanaged =>
        From(values.AsSpan(), shape);

    /// <summary>Converts to float32; F64 is rounded to nearest.</summary>
    /// <returns>The elements, row-major.</returns>
    /// <exception cref="InvalidDataException">A finite value is outside float32's range, or a whole number above 2^24.</exception>
    public float[] ToFloat32()
    {
        float[] values = new float[Length];
        StoredConvert.ToFloat32(Type, _bytes, values, _origin);
        return values;
    }

    /// <summary>Converts to float64.</summary>
    /// <returns>The elements, row-major.</returns>
    /// <exception cref="InvalidDataException">A whole number is above 2^53.</exception>
    public double[] ToFloat64()
    {
        double[] values = new double[Length];
        StoredConvert.ToFloat64(Type, _bytes, values, _origin);
        return values;
    }

    /// <summary>Converts whole numbers or BOOL to 32-bit integers.</summary>
    /// <returns>The elements, row-major.</returns>
    /// <exception cref="InvalidDataException">The array has a floating type, or a value needs more than 32 bits.</exception>
    public int[] ToInt32()
    {
        int[] values = new int[Length];
        StoredConvert.ToInt32(Type, _bytes, values, _origin);
        return values;
    }

    /// <summary>Converts whole numbers or BOOL to 64-bit integers.</summary>
    /// <returns>The elements, row-major.</returns>
    /// <exception cref="InvalidDataException">The array has a floating type, or a value needs more than 63 bits.</exception>
    public long[] ToInt64()
    {
        long[] values = new long[Length];
        StoredConvert.ToInt64(Type, _bytes, values, _origin);
        return values;
    }

    /// <summary>Swaps the bytes of every element in place: big-endian files become little-endian arrays.</summary>
    internal static void SwapBytes(Span<byte> bytes, int elementSize)
    {
        switch (elementSize)
        {
            case 2:
                Span<ushort> two = MemoryMarshal.Cast<byte, ushort>(bytes);
                System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(two, two);
                break;
            case 4:
                Span<uint> four = MemoryMarshal.Cast<byte, uint>(bytes);
                System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(four, four);
                break;
            case 8:
                Span<ulong> eight = MemoryMarshal.Cast<byte, ulong>(bytes);
                System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(eight, eight);
                break;
            default:
                break;
        }
    }
}
