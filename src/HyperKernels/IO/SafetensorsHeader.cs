using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;

namespace HyperKernels.IO;

/// <summary>
/// Parses and checks the JSON header of a safetensors file. Beyond what the reference implementation refuses (huggingface/safetensors,
/// <c>tensor.rs</c>), duplicate names, as the format's description asks, and headers that do not begin with a brace are refused too.
/// </summary>
internal ref struct SafetensorsHeader
{
    internal const int LengthBytes = 8;
    internal const int MaxBytes = 100_000_000;
    internal const int MaxEntries = 1_000_000;
    internal const string MetadataName = "__metadata__";

    private readonly string _path;
    private readonly ReadOnlySpan<byte> _header;
    private readonly long _dataStart;
    private readonly long _dataLength;
    private readonly Dictionary<string, string> _metadata;
    private readonly Dictionary<string, SafetensorsEntry> _entries;
    private readonly List<Placed> _placed = [];
    private Utf8JsonReader _reader;
    private bool _hasMetadata;

    // The tensor that is being read: messages are put together when there is one, not for every tensor of a header.
    private string? _name;

    private SafetensorsHeader(
        string path,
        ReadOnlySpan<byte> header,
        long fileLength,
        Dictionary<string, string> metadata,
        Dictionary<string, SafetensorsEntry> entries)
    {
        _path = path;
        _header = header;
        _dataStart = LengthBytes + header.Length;
        _dataLength = fileLength - _dataStart;
        _metadata = metadata;
        _entries = entries;
        _reader = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 128 });
    }

    private readonly record struct Placed(SafetensorsEntry Entry, long HeaderOffset);

    // Of the token just read, from the start of the file.
    private readonly long Position => LengthBytes + _reader.TokenStartIndex;

    internal static void Parse(
        string path,
        ReadOnlySpan<byte> header,
        long fileLength,
        Dictionary<string, string> metadata,
        Dictionary<string, SafetensorsEntry> entries)
    {
        if (header.IsEmpty || header[0] != (byte)'{')
        {
            throw BadFile.At(path, LengthBytes, "the header must begin with '{'.");
        }
        if (!Utf8.IsValid(header))
        {
            throw BadFile.At(path, LengthBytes + Utf8Text.FirstInvalid(header), "the header is not valid UTF-8.");
        }
        SafetensorsHeader parser = new(path, header, fileLength, metadata, entries);
        try
        {
            parser.ReadAll();
        }
        catch (JsonException failure)
        {
            long offset = LengthBytes + Utf8Text.OffsetOf(header, failure);
            throw BadFile.At(path, offset, $"the header is not valid JSON: {Utf8Text.ReasonOf(failure)}", failure);
        }
        parser.CheckLayout();
    }

    private void ReadAll()
    {
        _reader.Read();
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            long at = Position;
            string name = Text();
            _reader.Read();
            if (name == MetadataName)
            {
                ReadMetadata(at);
                continue;
            }
            if (_entries.Count == MaxEntries)
            {
                throw BadFile.At(_path, at, $"a file may hold at most {BadFile.N(MaxEntries)} tensors.");
            }
            ReadEntry(name, at);
        }
        // Only white space may follow the closing brace; the reader refuses the rest.
        _reader.Read();
    }

    private void ReadMetadata(long at)
    {
        if (_hasMetadata)
        {
            throw BadFile.At(_path, at, $"the name \"{MetadataName}\" stands twice.");
        }
        _hasMetadata = true;
        if (_reader.TokenType == JsonTokenType.Null)
        {
            return;
        }
        Expect(JsonTokenType.StartObject, $"\"{MetadataName}\" must be an object of strings");
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            long keyAt = Position;
            string key = Text();
            if (_metadata.Count == MaxEntries)
            {
                throw BadFile.At(_path, keyAt, $"a file may hold at most {BadFile.N(MaxEntries)} metadata keys.");
            }
            _reader.Read();
            if (_reader.TokenType != JsonTokenType.String)
            {
                throw BadFile.At(_path, Position, $"metadata key {BadFile.Quote(key)} must have a string as its value.");
            }
            if (!_metadata.TryAdd(key, Text()))
            {
                throw BadFile.At(_path, keyAt, $"metadata key {BadFile.Quote(key)} stands twice.");
            }
        }
    }

    private void ReadEntry(string name, long at)
    {
        _name = name;
        Expect(JsonTokenType.StartObject, " must be an object");
        StoredType? type = null;
        ImmutableArray<long>? shape = null;
        (long Begin, long End)? range = null;
        long rangeAt = at;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            long fieldAt = Position;
            bool again = false;
            switch (Text())
            {
                case "dtype":
                    again = type is not null;
                    type = ReadType();
                    break;
                case "shape":
                    again = shape is not null;
                    shape = ReadShape();
                    break;
                case "data_offsets":
                    again = range is not null;
                    rangeAt = fieldAt;
                    range = ReadRange();
                    break;
                default:
                    // The reference passes over fields that it does not know.
                    _reader.Skip();
                    break;
            }
            if (again)
            {
                throw Fail(fieldAt, $" gives one of dtype, shape, data_offsets twice.");
            }
        }
        if (type is null || shape is null || range is null)
        {
            throw Fail(at, " must have dtype, shape and data_offsets.");
        }
        SafetensorsEntry entry = Check(name, type.Value, shape.Value, range.Value, rangeAt);
        if (!_entries.TryAdd(name, entry))
        {
            throw BadFile.At(_path, at, $"the name {BadFile.Quote(name)} stands twice.");
        }
        _placed.Add(new Placed(entry, rangeAt));
        _name = null;
    }

    private readonly SafetensorsEntry Check(
        string name, StoredType type, ImmutableArray<long> shape, (long Begin, long End) range, long at)
    {
        if (!StoredTypes.TryByteLength(shape.AsSpan(), type, out long elements, out long needed))
        {
            throw Fail(at, $": the size of its shape {StoredTypes.Text(shape.AsSpan())} of {type.Name()} passes 63 bits.");
        }
        (long begin, long end) = range;
        if (end < begin)
        {
            throw Fail(at, $" ends at data byte {BadFile.N(end)}, before its begin {BadFile.N(begin)}.");
        }
        if (end - begin != needed)
        {
            throw Fail(at, $" spans {BadFile.N(end - begin)} bytes but its shape {StoredTypes.Text(shape.AsSpan())} of {type.Name()} needs {BadFile.N(needed)}.");
        }
        if (end > _dataLength)
        {
            throw Fail(at, $" ends at data byte {BadFile.N(end)} but the file holds {BadFile.N(_dataLength)}; it may be cut off.");
        }
        return new SafetensorsEntry(name, type, shape, elements, _dataStart + begin, needed);
    }

    private readonly void CheckLayout()
    {
        _placed.Sort(static (left, right) => left.Entry.ByteOffset != right.Entry.ByteOffset
            ? left.Entry.ByteOffset.CompareTo(right.Entry.ByteOffset)
            : left.Entry.ByteLength.CompareTo(right.Entry.ByteLength));
        long end = _dataStart;
        foreach ((SafetensorsEntry entry, long at) in _placed)
        {
            if (entry.ByteOffset != end)
            {
                string how = entry.ByteOffset < end ? "overlaps the tensor before it" : "leaves a hole before it";
                throw BadFile.At(_path, at,
                    $"tensor {BadFile.Quote(entry.Name)} begins at data byte {BadFile.N(entry.ByteOffset - _dataStart)} and {how}, "
                    + $"which ends at {BadFile.N(end - _dataStart)}.");
            }
            end += entry.ByteLength;
        }
        if (end != _dataStart + _dataLength)
        {
            throw BadFile.At(_path, end, $"{BadFile.N(_dataStart + _dataLength - end)} bytes follow the last tensor.");
        }
    }

    private StoredType ReadType()
    {
        _reader.Read();
        Expect(JsonTokenType.String, ": dtype must be a string");
        string name = Text();
        return StoredTypes.TryParse(name, out StoredType type)
            ? type
            : throw Fail(Position, $": dtype {BadFile.Quote(name)} is not one of {StoredTypes.AllNames}.");
    }

    private ImmutableArray<long> ReadShape()
    {
        _reader.Read();
        Expect(JsonTokenType.StartArray, ": shape must be an array");
        Span<long> shape = stackalloc long[StoredTypes.MaxRank];
        int rank = 0;
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            if (rank == StoredTypes.MaxRank)
            {
                throw Fail(Position, $": a shape may have at most {StoredTypes.MaxRank} dimensions.");
            }
            shape[rank++] = Number(": a size in shape");
        }
        return ImmutableArray.Create(shape[..rank]);
    }

    private (long Begin, long End) ReadRange()
    {
        _reader.Read();
        Expect(JsonTokenType.StartArray, ": data_offsets must be an array of two numbers");
        _reader.Read();
        long begin = Number(": data_offsets");
        _reader.Read();
        long end = Number(": data_offsets");
        _reader.Read();
        Expect(JsonTokenType.EndArray, ": data_offsets must be an array of two numbers");
        return (begin, end);
    }

    private readonly long Number(string what)
    {
        // "-0" is a number to the reader and a fraction to the reference.
        if (_reader.TokenType != JsonTokenType.Number || _reader.ValueSpan[0] == (byte)'-' || !_reader.TryGetInt64(out long value))
        {
            throw Fail(Position, $"{what} must be a whole number from 0 to {BadFile.N(long.MaxValue)}.");
        }
        return value;
    }

    private readonly string Text()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException failure)
        {
            throw BadFile.At(_path, Position, "a string escapes half of a surrogate pair.", failure);
        }
    }

    private readonly InvalidDataException Fail(long at, string rule) => BadFile.At(_path, at, _name is null ? rule : $"tensor {BadFile.Quote(_name)}{rule}");

    private readonly void Expect(JsonTokenType token, string rule)
    {
        if (_reader.TokenType != token)
        {
            throw Fail(Position, $"{rule}.");
        }
    }
}
