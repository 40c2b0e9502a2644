using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Globalization;

namespace HyperKernels.Interchange;

/// <summary>
/// Goes through the description at the end of a Parquet file before a library does that believes it: every list must be as long as the bytes behind it allow, and
/// every known field of its type. Without this a file of 600 bytes keeps Parquet.Net busy without end. Sources: apache/parquet-format, <c>parquet.thrift</c>;
/// apache/thrift, "Thrift Compact Protocol".
/// </summary>
internal ref struct ParquetFooter
{
    private const int Byte = 3;
    private const int Short = 4;
    private const int Long = 6;
    private const int Double = 7;
    private const int Binary = 8;
    private const int List = 9;
    private const int Struct = 12;
    private const int Deepest = 24;

    // Fields by number: n a whole number, b bytes, t true or false, S a structure and [S] a list of them. What is not listed here is passed over by its own type.
    private static readonly FrozenDictionary<string, FrozenDictionary<int, string>> s_known = new Dictionary<string, string>
    {
        ["File"] = "1:n 2:[Element] 3:n 4:[Group] 5:[Pair] 6:b 7:[Any] 8:Any 9:b",
        ["Element"] = "1:n 2:n 3:n 4:b 5:n 6:n 7:n 8:n 9:n 10:Any",
        ["Group"] = "1:[Chunk] 2:n 3:n 4:[Any] 5:n 6:n 7:n",
        ["Chunk"] = "1:b 2:n 3:Column 4:n 5:n 6:n 7:n 8:Any 9:b",
        ["Column"] = "1:n 2:[n] 3:[b] 4:n 5:n 6:n 7:n 8:[Pair] 9:n 10:n 11:n 12:Statistics 13:[Encoding] 14:n 15:n 16:Any 17:Any",
        ["Statistics"] = "1:b 2:b 3:n 4:n 5:b 6:b 7:t 8:t",
        ["Encoding"] = "1:n 2:n 3:n",
        ["Pair"] = "1:b 2:b",
        ["Any"] = "",
    }.ToFrozenDictionary(static known => known.Key, static known => known.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(static field => field.Split(':')).ToFrozenDictionary(static field => int.Parse(field[0], CultureInfo.InvariantCulture), static field => field[1]));

    private readonly string _path;
    private readonly long _start;
    private readonly ReadOnlySpan<byte> _footer;
    private int _next;

    private ParquetFooter(string path, long start, ReadOnlySpan<byte> footer)
    {
        (_path, _start) = (path, start);
        _footer = footer;
    }

    /// <summary>Checks a file's footer.</summary>
    /// <exception cref="InvalidDataException">It breaks a rule; the message names file, byte and rule.</exception>
    public static void Check(string path, FileStream file)
    {
        Span<byte> end = stackalloc byte[8];
        file.Position = Math.Max(0, file.Length - end.Length);
        int length = file.ReadAtLeast(end, end.Length, throwOnEndOfStream: false) == end.Length && end[4..].SequenceEqual("PAR1"u8)
            ? BinaryPrimitives.ReadInt32LittleEndian(end)
            : throw Refusal.At(path, file.Length, "the file must end in PAR1; it may be cut off, or be no Parquet file.");
        long start = file.Length - end.Length - length;
        if (length < 1 || start < 4)
        {
            throw Refusal.At(path, file.Length - end.Length, $"a footer of {length} bytes must lie within the file; it may be cut off.");
        }
        byte[] footer = new byte[length];
        file.Position = start;
        file.ReadExactly(footer);
        file.Position = 0;
        new ParquetFooter(path, start, footer).PassStruct("File", Deepest);
    }

    private void PassStruct(string name, int depth)
    {
        if (depth == 0)
        {
            throw Fail($"structures may be nested {Deepest} deep.");
        }
        FrozenDictionary<int, string> fields = s_known[name];
        int id = 0;
        for (byte head = Take(); head != 0; head = Take())
        {
            id = head >> 4 == 0 ? (int)Zigzag(Number()) : id + (head >> 4);
            string? wanted = fields.GetValueOrDefault(id);
            PassValue(head & 15, wanted, depth, isElement: false);
        }
    }

    private void PassValue(int type, string? wanted, int depth, bool isElement)
    {
        bool fits = wanted is null || type switch
        {
            1 or 2 => wanted == "t",
            >= Byte and <= Long => wanted == "n",
            Binary => wanted == "b",
            List => wanted[0] == '[',
            Struct => char.IsAsciiLetterUpper(wanted[0]),
            _ => false,
        };
        // A list of flags is nothing that a footer has; and libraries differ in what it is.
        if (!fits || (isElement && type is 1 or 2))
        {
            throw Fail($"a field has the type {type}, which it cannot have.");
        }
        switch (type)
        {
            case 1 or 2:
                break;
            case Byte:
                Take();
                break;
            case >= Short and <= Long:
                Number();
                break;
            case Double:
                Pass(sizeof(double));
                break;
            case Binary:
                Pass(Number());
                break;
            case List:
                PassList(wanted is null ? null : wanted[1..^1], depth);
                break;
            case Struct:
                PassStruct(wanted ?? "Any", depth - 1);
                break;
            default:
                throw Fail($"there is no type {type} in a footer.");
        }
    }

    private void PassList(string? wanted, int depth)
    {
        if (depth == 0)
        {
            throw Fail($"lists may be nested {Deepest} deep.");
        }
        byte head = Take();
        ulong count = head >> 4 == 15 ? Number() : (ulong)(head >> 4);
        if (count > (ulong)(_footer.Length - _next))
        {
            throw Fail($"a list promises {count:N0} elements; {_footer.Length - _next:N0} bytes follow.");
        }
        for (ulong i = 0; i < count; i++)
        {
            PassValue(head & 15, wanted, depth - 1, isElement: true);
        }
    }

    private byte Take() => _next < _footer.Length ? _footer[_next++] : throw Fail($"the footer ends too soon.");

    private ulong Number()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = Take();
            value |= (ulong)(part & 127) << shift;
            if (part < 128)
            {
                return value;
            }
        }
        throw Fail($"a number may have ten bytes.");
    }

    private static long Zigzag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    private void Pass(ulong bytes)
    {
        if (bytes > (ulong)(_footer.Length - _next))
        {
            throw Fail($"{bytes:N0} bytes are promised; {_footer.Length - _next:N0} follow.");
        }
        _next += (int)bytes;
    }

    private readonly InvalidDataException Fail(FormattableString rule) => Refusal.At(_path, _start + _next, FormattableString.Invariant(rule));
}
