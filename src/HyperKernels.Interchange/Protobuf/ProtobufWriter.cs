using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace HyperKernels.Interchange;

/// <summary>Writes one message in the wire format of Protocol Buffers. Large arrays are referred to, not copied, until the message is written.</summary>
/// <remarks>Source: protobuf.dev, "Encoding". Fields of value zero are written too: whoever leaves one out means its absence.</remarks>
internal sealed class ProtobufWriter
{
    // Smaller ones are copied: a part for each would cost more.
    private const int LeastReferred = 256;

    private readonly List<Array> _parts = [];
    private ArrayBufferWriter<byte> _open = new();

    /// <summary>Bytes so far.</summary>
    public long Length { get; private set; }

    public ProtobufWriter Varint(int field, long value)
    {
        Tag(field, WireType.Varint);
        Varint((ulong)value);
        return this;
    }

    public ProtobufWriter Fixed32(int field, float value)
    {
        Tag(field, WireType.Fixed32);
        BinaryPrimitives.WriteSingleLittleEndian(_open.GetSpan(4), value);
        Advance(4);
        return this;
    }

    public ProtobufWriter Fixed64(int field, double value)
    {
        Tag(field, WireType.Fixed64);
        BinaryPrimitives.WriteDoubleLittleEndian(_open.GetSpan(8), value);
        Advance(8);
        return this;
    }

    public ProtobufWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtobufWriter Bytes(int field, byte[] value) => Raw(field, value, value.Length);

    /// <summary>Bytes that are the values of an array, little-endian.</summary>
    public ProtobufWriter Raw<T>(int field, T[] values)
        where T : unmanaged => Raw(field, values, (long)values.Length * Marshal.SizeOf<T>());

    /// <summary>A message inside this one.</summary>
    public ProtobufWriter Message(int field, ProtobufWriter message)
    {
        Tag(field, WireType.Bytes);
        Varint((ulong)message.Length);
        return Fields(message);
    }

    /// <summary>The fields of another message, after those of this one.</summary>
    public ProtobufWriter Fields(ProtobufWriter other)
    {
        other.Close();
        Close();
        _parts.AddRange(other._parts);
        Length += other.Length;
        return this;
    }

    public void WriteTo(Stream stream)
    {
        Close();
        foreach (Array part in _parts)
        {
            stream.Write(part switch
            {
                float[] values => MemoryMarshal.AsBytes<float>(values),
                long[] values => MemoryMarshal.AsBytes<long>(values),
                _ => (byte[])part,
            });
        }
    }

    private ProtobufWriter Raw(int field, Array values, long bytes)
    {
        Tag(field, WireType.Bytes);
        Varint((ulong)bytes);
        if (values is byte[] small && bytes < LeastReferred)
        {
            _open.Write(small);
        }
        else
        {
            Close();
            _parts.Add(values);
        }
        Length += bytes;
        return this;
    }

    private void Close()
    {
        if (_open.WrittenCount > 0)
        {
            _parts.Add(_open.WrittenSpan.ToArray());
            _open = new ArrayBufferWriter<byte>();
        }
    }

    private void Tag(int field, WireType type) => Varint(((ulong)field << 3) | (ulong)type);

    private void Varint(ulong value)
    {
        Span<byte> to = _open.GetSpan(10);
        int count = 0;
        for (; value >= 0x80; value >>= 7)
        {
            to[count++] = (byte)(value | 0x80);
        }
        to[count++] = (byte)value;
        Advance(count);
    }

    private void Advance(int count)
    {
        _open.Advance(count);
        Length += count;
    }
}
