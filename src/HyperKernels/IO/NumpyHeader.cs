using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace HyperKernels.IO;

/// <summary>
/// The header of a <c>.npy</c> file: a Python dictionary of exactly <c>descr</c>, <c>fortran_order</c> and <c>shape</c>. Only literals are
/// understood; nothing is evaluated.
/// </summary>
internal sealed class NumpyHeader
{
    // A header of a numeric array needs about a hundred bytes; version 1 can hold this many.
    private const int MaxBytes = ushort.MaxValue;

    // Not a byte, so no text can hold it.
    private const char End = '\uFFFF';

    private readonly BoundedReader _reader;
    private readonly byte[] _text;
    private readonly long _start;
    private int _next;
    private bool _hasType;
    private bool? _fortranOrder;
    private ImmutableArray<long>? _shape;

    private NumpyHeader(BoundedReader reader, byte[] text, long start)
    {
        _reader = reader;
        _text = text;
        _start = start;
    }

    internal StoredType Type { get; private set; }

    internal bool BigEndian { get; private set; }

    internal bool FortranOrder => _fortranOrder == true;

    internal ImmutableArray<long> Shape => _shape!.Value;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    internal static NumpyHeader Read(BoundedReader reader)
    {
        Span<byte> head = stackalloc byte[8];
        reader.ReadExactly(head, "the magic string and version");
        if (!head[..6].SequenceEqual(Magic))
        {
            throw reader.Fail(0, "a .npy file begins with the bytes 93 'NUMPY'.");
        }
        if (head[6] is < 1 or > 3 || head[7] != 0)
        {
            throw reader.Fail(6, $"the version must be 1.0, 2.0 or 3.0; got {head[6]}.{head[7]}.");
        }
        Span<byte> prefix = stackalloc byte[head[6] == 1 ? 2 : 4];
        reader.ReadExactly(prefix, "the header's length");
        uint length = prefix.Length == 2
            ? BinaryPrimitives.ReadUInt16LittleEndian(prefix)
            : BinaryPrimitives.ReadUInt32LittleEndian(prefix);
        if (length > MaxBytes)
        {
            throw reader.Fail(8, $"a header may have at most {BadFile.N(MaxBytes)} bytes; this one claims {BadFile.N(length)}.");
        }
        long start = reader.Position;
        NumpyHeader header = new(reader, reader.ReadPayload(length, "header"), start);
        header.Parse();
        return header;
    }

    /// <summary>The header of version 1.0, padded so that the elements begin at a multiple of 64 bytes.</summary>
    internal static byte[] Write(StoredType type, ImmutableArray<long> shape)
    {
        string descr = type switch
        {
            StoredType.Bool => "|b1",
            StoredType.U8 => "|u1",
            StoredType.I8 => "|i1",
            StoredType.U16 => "<u2",
            StoredType.I16 => "<i2",
            StoredType.F16 => "<f2",
            StoredType.U32 => "<u4",
            StoredType.I32 => "<i4",
            StoredType.F32 => "<f4",
            StoredType.U64 => "<u8",
            StoredType.I64 => "<i8",
            StoredType.F64 => "<f8",
            _ => throw new ArgumentException($"NumpyFile: the element type must be one that NumPy has; got {type.Name()}."),
        };
        string sizes = StoredTypes.Text(shape.AsSpan())[1..^1];
        string tuple = shape.Length == 1 ? $"({sizes},)" : $"({sizes})";
        string text = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple}, }}";
        int total = (10 + text.Length + 1 + 63) / 64 * 64;
        byte[] bytes = new byte[total];
        Magic.CopyTo(bytes);
        bytes[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(total - 10));
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(10));
        bytes.AsSpan(10 + text.Length).Fill((byte)' ');
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    private void Parse()
    {
        Take('{', "a dictionary");
        while (Peek() != '}')
        {
            int at = _next;
            string key = TakeString();
            Take(':', "':' after a key");
            bool again;
            switch (key)
            {
                case "descr":
                    again = _hasType;
                    ReadType();
                    break;
                case "fortran_order":
                    again = _fortranOrder is not null;
                    _fortranOrder = ReadBool();
                    break;
                case "shape":
                    again = _shape is not null;
                    _shape = ReadShape();
                    break;
                default:
                    throw Fail(at, $"the header must have the keys descr, fortran_order and shape; got {BadFile.Quote(key)}.");
            }
            if (again)
            {
                throw Fail(at, $"the key {key} stands twice.");
            }
            if (Peek() != '}')
            {
                Take(',', "',' or '}' after a value");
            }
        }
        Take('}', "'}'");
        if (Peek() != End)
        {
            throw Fail(_next, "only white space may follow the dictionary.");
        }
        if (!_hasType || _fortranOrder is null || _shape is null)
        {
            throw Fail(0, "the header must have the keys descr, fortran_order and shape.");
        }
    }

    private void ReadType()
    {
        _hasType = true;
        if (Peek() == '[')
        {
            throw Fail(_next, "structured arrays are not supported; save each field as an array of its own.");
        }
        int at = _next;
        string descr = TakeString();
        string kind = descr.Length > 1 ? descr[1..] : string.Empty;
        if (kind.StartsWith('O'))
        {
            throw Fail(at, "an array of Python objects holds pickles, which could run code and are never read; save it with a numeric dtype.");
        }
        StoredType? type = kind switch
        {
            "b1" => StoredType.Bool,
            "u1" => StoredType.U8,
            "i1" => StoredType.I8,
            "u2" => StoredType.U16,
            "i2" => StoredType.I16,
            "f2" => StoredType.F16,
            "u4" => StoredType.U32,
            "i4" => StoredType.I32,
            "f4" => StoredType.F32,
            "u8" => StoredType.U64,
            "i8" => StoredType.I64,
            "f8" => StoredType.F64,
            _ => null,
        };
        // '|' says that byte order has no meaning, which is so for single bytes alone.
        if (type is null || (descr[0] is not ('<' or '>') && !(descr[0] == '|' && type.Value.Size() == 1)))
        {
            throw Fail(at,
                $"dtype {BadFile.Quote(descr)} is not '<' or '>' with one of f2, f4, f8, i2, i4, i8, u2, u4, u8, nor '|' with b1, i1 or u1.");
        }
        Type = type.Value;
        BigEndian = descr[0] == '>';
    }

    private bool ReadBool()
    {
        Peek();
        ReadOnlySpan<byte> rest = _text.AsSpan(_next);
        bool value = rest.StartsWith("True"u8);
        if (!value && !rest.StartsWith("False"u8))
        {
            throw Fail(_next, "fortran_order must be True or False.");
        }
        _next += value ? 4 : 5;
        return value;
    }

    private ImmutableArray<long> ReadShape()
    {
        Take('(', "'(' of the shape");
        ImmutableArray<long>.Builder shape = ImmutableArray.CreateBuilder<long>(4);
        while (Peek() != ')')
        {
            if (shape.Count == StoredTypes.MaxRank)
            {
                throw Fail(_next, $"a shape may have at most {StoredTypes.MaxRank} dimensions.");
            }
            shape.Add(TakeNumber());
            // A tuple of one element needs its comma: (3,).
            if (Peek() == ')' && shape.Count > 1)
            {
                break;
            }
            Take(',', "',' after a size");
        }
        Take(')', "')'");
        return shape.DrainToImmutable();
    }

    private long TakeNumber()
    {
        int at = _next;
        while (_next < _text.Length && char.IsAsciiDigit((char)_text[_next]))
        {
            _next++;
        }
        if (_next == at || !long.TryParse(_text.AsSpan(at, _next - at), out long value))
        {
            throw Fail(at, $"a size in shape must be a whole number from 0 to {BadFile.N(long.MaxValue)}.");
        }
        // Python 2 wrote long integers as 3L.
        if (_next < _text.Length && _text[_next] == (byte)'L')
        {
            _next++;
        }
        return value;
    }

    private string TakeString()
    {
        char quote = Peek();
        if (quote is not ('\'' or '"'))
        {
            throw Fail(_next, "a quoted string must stand here.");
        }
        int from = ++_next;
        int length = _text.AsSpan(from).IndexOf((byte)quote);
        if (length < 0)
        {
            throw Fail(from, "a quoted string must end.");
        }
        _next = from + length + 1;
        return Encoding.Latin1.GetString(_text, from, length);
    }

    private void Take(char expected, string what)
    {
        if (Peek() != expected)
        {
            throw Fail(_next, $"the header must have {what} here.");
        }
        _next++;
    }

    // The next character that is not white space.
    private char Peek()
    {
        while (_next < _text.Length && _text[_next] is (byte)' ' or (byte)'\n')
        {
            _next++;
        }
        if (_next == _text.Length)
        {
            return End;
        }
        return (char)_text[_next];
    }

    private InvalidDataException Fail(int at, string rule) => _reader.Fail(_start + at, rule);
}
