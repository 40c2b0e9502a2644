using System.Collections.Immutable;

namespace HyperKernels.IO;

/// <summary>Describes one tensor of a safetensors file.</summary>
public sealed class SafetensorsEntry
{
    internal SafetensorsEntry(string name, StoredType type, ImmutableArray<long> shape, long elementCount, long byteOffset, long byteLength)
    {
        Name = name;
        Type = type;
        Shape = shape;
        ElementCount = elementCount;
        ByteOffset = byteOffset;
        ByteLength = byteLength;
    }

    /// <summary>Gets the name, unique in the file.</summary>
    public string Name { get; }

    /// <summary>Gets the type of the elements.</summary>
    public StoredType Type { get; }

    /// <summary>Gets the sizes, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Gets the product of <see cref="Shape"/>.</summary>
    public long ElementCount { get; }

    /// <summary>Gets the position of the first byte, from the start of the file.</summary>
    public long ByteOffset { get; }

    /// <summary>Gets the number of bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Names type and shape, for example <c>weight F32 [4, 3]</c>.</summary>
    /// <returns>A line for people.</returns>
    public override string ToString() => $"{Name} {Type.Name()} {StoredTypes.Text(Shape.AsSpan())}";
}
