using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace HyperKernels.Interchange;

/// <summary>Reads one message in the wire format of Protocol Buffers, field by field, within its bounds. Source: protobuf.dev, "Encoding".</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="bytes">The message.</param>
/// <param name="start">Where it begins in the file.</param>
internal ref struct ProtobufReader(string path, ReadOnlySpan<byte> bytes, int start)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;
    private WireType _type;

    /// <summary>Where the reader stands in the file.</summary>
    public readonly int Position => start + _at;

    /// <summary>The number of the field whose value comes next.</summary>
    public int Field { get; private set; }

    /// <summary>Goes on to the next field; the one before must have been read or skipped.</summary>
    public bool Next()
    {
        if (_at == _bytes.Length)
        {
            return false;
        }
        ulong tag = ReadVarint();
        _type = (WireType)(tag & 7);
        if (tag >> 3 is 0 or > 0x1FFFFFFF)
        {
            throw Bad($"a field must have a number from 1 to 2^29 - 1; it is {tag >> 3}.");
        }
        Field = (int)(tag >> 3);
        return true;
    }

    public void Skip()
    {
        switch (_type)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Fixed64:
                Take(8);
                break;
            case WireType.Bytes:
                Bytes();
                break;
            case WireType.Fixed32:
                Take(4);
                break;
            default:
                throw Bad($"field {Field} has wire type {(int)_type}, which is not known.");
        }
    }

    public long Integer()
    {
        Expect(WireType.Varint);
        return (long)ReadVarint();
    }

    public float Single()
    {
        Expect(WireType.Fixed32);
        return BinaryPrimitives.ReadSingleLittleEndian(Take(4));
    }

    public ReadOnlySpan<byte> Bytes()
    {
        Expect(WireType.Bytes);
        ulong length = ReadVarint();
        return length <= (ulong)(_bytes.Length - _at)
            ? Take((int)length)
            : throw Bad($"field {Field} promises {length:N0} bytes; {_bytes.Length - _at:N0} are left. The file may be cut off.");
    }

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public ProtobufReader Message()
    {
        ReadOnlySpan<byte> inner = Bytes();
        return new ProtobufReader(path, inner, Position - inner.Length);
    }

    /// <summary>Adds whole numbers: one, or many packed into bytes.</summary>
    public void Integers(List<long> to)
    {
        if (_type != WireType.Bytes)
        {
            to.Add(Integer());
            return;
        }
        ProtobufReader packed = Message();
        while (packed._at < packed._bytes.Length)
        {
            to.Add((long)packed.ReadVarint());
        }
    }

    /// <summary>Adds floats: one, or many packed into bytes.</summary>
    public void Singles(List<float> to)
    {
        if (_type != WireType.Bytes)
        {
            to.Add(Single());
            return;
        }
        ProtobufReader packed = Message();
        while (packed._at < packed._bytes.Length)
        {
            to.Add(BinaryPrimitives.ReadSingleLittleEndian(packed.Take(4)));
        }
    }

    /// <summary>Adds doubles: one, or many packed into bytes.</summary>
    public void Doubles(List<double> to)
    {
        if (_type == WireType.Fixed64)
        {
            to.Add(BinaryPrimitives.ReadDoubleLittleEndian(Take(8)));
            return;
        }
        ProtobufReader packed = Message();
        while (packed._at < packed._bytes.Length)
        {
            to.Add(BinaryPrimitives.ReadDoubleLittleEndian(packed.Take(8)));
        }
    }

    public readonly InvalidDataException Bad(FormattableString rule) => Refusal.At(path, Position, rule.ToString(CultureInfo.InvariantCulture));

    private readonly void Expect(WireType type)
    {
        if (_type != type)
        {
            throw Bad($"field {Field} must have wire type {(int)type}; it has {(int)_type}.");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - _at)
        {
            throw Bad($"field {Field} needs {count} bytes; {_bytes.Length - _at} are left. The file may be cut off.");
        }
        ReadOnlySpan<byte> taken = _bytes.Slice(_at, count);
        _at += count;
        return taken;
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
        throw Bad($"a number has more than ten bytes.");
    }
}
