using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace HyperKernels.IO;

/// <summary>One tensor to be written to a safetensors file. Refers to the caller's memory; nothing is copied.</summary>
public abstract class SafetensorsTensor
{
    // Keeps byte spans below their limit for arrays of any length.
    private const int ChunkElements = 1 << 24;

    private SafetensorsTensor(string name, StoredType type, ImmutableArray<long> shape, long elements)
    {
        Name = name;
        Type = type;
        Shape = shape;
        ByteLength = elements * type.Size();
    }

    /// <summary>Gets the name.</summary>
    public string Name { get; }

    /// <summary>Gets the type of the elements.</summary>
    public StoredType Type { get; }

    /// <summary>Gets the sizes, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Gets the number of bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Takes values of a numeric type or bool.</summary>
    /// <typeparam name="T">float, double, Half, bool or an integer type of 8 to 64 bits.</typeparam>
    /// <param name="name">Unique in the file, and not <c>__metadata__</c>.</param>
    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">Their sizes; none for a scalar.</param>
    /// <returns>The tensor; it reads <paramref name="values"/> when it is written.</returns>
    /// <exception cref="ArgumentException">The values do not fill the shape, or their type has no name in the format.</exception>
    public static SafetensorsTensor From<T>(string name, ReadOnlyMemory<T> values, params ReadOnlySpan<long> shape)
        where T : unmanaged =>
        new Typed<T>(name, StoredTypes.Of<T>(), CheckShape(name, shape, values.Length), values);

    /// <summary>Takes values of a numeric type or bool.</summary>
    /// <typeparam name="T">float, double, Half, bool or an integer type of 8 to 64 bits.</typeparam>
    /// <param name="name">Unique in the file, and not <c>__metadata__</c>.</param>
    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">Their sizes; none for a scalar.</param>
    /// <returns>The tensor; it reads <paramref name="values"/> when it is written.</returns>
    /// <exception cref="ArgumentException">The values do not fill the shape, or their type has no name in the format.</exception>
    public static SafetensorsTensor From<T>(string name, T[] values, params ReadOnlySpan<long> shape)
        where T : unmanaged =>
        From(name, new ReadOnlyMemory<T>(values), shape);

    /// <summary>Takes elements of any type as bytes.</summary>
    /// <param name="name">Unique in the file, and not <c>__metadata__</c>.</param>
    /// <param name="type">The type of the elements.</param>
    /// <param name="bytes">The elements, little-endian, row-major.</param>
    /// <param name="shape">Their sizes; none for a scalar.</param>
    /// <returns>The tensor; it reads <paramref name="bytes"/> when it is written.</returns>
    /// <exception cref="ArgumentException">The bytes do not fill the shape.</exception>
    public static SafetensorsTensor FromBytes(string name, StoredType type, ReadOnlyMemory<byte> bytes, params ReadOnlySpan<long> shape)
    {
        int size = type.Size();
        if (bytes.Length % size != 0)
        {
            throw new ArgumentException(
                $"SafetensorsTensor.FromBytes: {BadFile.Quote(name)} must have whole {type.Name()} elements; got {bytes.Length} bytes.",
                nameof(bytes));
        }
        return new Typed<byte>(name, type, CheckShape(name, shape, bytes.Length / size), bytes);
    }

    internal abstract void WriteTo(Stream stream);

    private static ImmutableArray<long> CheckShape(string name, ReadOnlySpan<long> shape, long elements)
    {
        ArgumentNullException.ThrowIfNull(name);
        return StoredTypes.CheckShape($"SafetensorsTensor {BadFile.Quote(name)}", shape, elements);
    }

    private sealed class Typed<T>(string name, StoredType type, ImmutableArray<long> shape, ReadOnlyMemory<T> values)
        : SafetensorsTensor(name, type, shape, StoredTypes.Count(shape.AsSpan()))
        where T : unmanaged
    {
        internal override void WriteTo(Stream stream)
        {
            ReadOnlySpan<T> rest = values.Span;
            while (!rest.IsEmpty)
            {
                int length = Math.Min(rest.Length, ChunkElements);
                stream.Write(MemoryMarshal.AsBytes(rest[..length]));
                rest = rest[length..];
            }
        }
    }
}
