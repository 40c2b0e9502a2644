using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace HyperKernels.IO;

/// <summary>Reads a JSON file token by token; refusals name file, line and column. Memory is that of the file.</summary>
internal ref struct JsonFileReader
{
    private readonly string _path;
    private readonly ReadOnlySpan<byte> _text;
    private Utf8JsonReader _reader;
    private string _list = "";
    private long _item;

    private JsonFileReader(string path, ReadOnlySpan<byte> text)
    {
        _path = path;
        _text = text;
        _reader = new Utf8JsonReader(text);
    }

    /// <summary>Reads the file and steps into the object that it must be.</summary>
    public static JsonFileReader Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (new FileInfo(path) is { Exists: true, Length: > int.MaxValue - 64 } file)
        {
            throw new InvalidDataException(
                $"{path}: a JSON file may have at most {BadFile.N(int.MaxValue - 64)} bytes; this one has {BadFile.N(file.Length)}. "
                + "Pairs as text or safetensors have no such bound.");
        }
        ReadOnlySpan<byte> text = File.ReadAllBytes(path);
        text = text.StartsWith("\uFEFF"u8) ? text[3..] : text;
        JsonFileReader reader = new(path, text);
        if (!Utf8.IsValid(text))
        {
            throw reader.FailAt(Utf8Text.FirstInvalid(text), "the file is not valid UTF-8.");
        }
        reader.Read();
        return reader._reader.TokenType == JsonTokenType.StartObject ? reader : throw reader.Fail("the file must be a JSON object.");
    }

    /// <summary>Steps to the next property of the object that is being read, and to its value.</summary>
    public bool NextProperty(out string name)
    {
        Read();
        if (_reader.TokenType == JsonTokenType.EndObject)
        {
            name = "";
            return false;
        }
        name = Text();
        Read();
        return true;
    }

    /// <summary>Steps to the next item of the array that is being read.</summary>
    public bool NextItem()
    {
        Read();
        return _reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Says of which item of which list refusals speak from now on; an empty list ends that.</summary>
    public void At(string list, long item = 0) => (_list, _item) = (list, item);

    /// <summary>Only white space may follow.</summary>
    public void ExpectEnd()
    {
        try
        {
            _reader.Read();
        }
        catch (JsonException failure)
        {
            throw FailOf(failure);
        }
    }

    public readonly void ExpectArray(string what)
    {
        if (_reader.TokenType != JsonTokenType.StartArray)
        {
            throw Fail($"{what} must be a list.");
        }
    }

    public readonly void ExpectObject(string what)
    {
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            throw Fail($"{what} must be an object.");
        }
    }

    /// <summary>The string that was read.</summary>
    public readonly string String(string what) =>
        _reader.TokenType == JsonTokenType.String ? Text() : throw Fail($"{what} must be a string.");

    /// <summary>The name that was read: a string, or a whole number, however it is written.</summary>
    public readonly (string Text, bool IsNumber) Name(string what)
    {
        if (_reader.TokenType == JsonTokenType.String)
        {
            return (Text(), false);
        }
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetInt64(out long whole))
        {
            return (whole.ToString(CultureInfo.InvariantCulture), true);
        }
        // 2.0 and 2e3 are whole too.
        return _reader.TokenType == JsonTokenType.Number && _reader.TryGetDecimal(out decimal value) && decimal.Truncate(value) == value
            ? (decimal.Truncate(value).ToString("F0", CultureInfo.InvariantCulture), true)
            : throw Fail($"{what} must be a string or a whole number.");
    }

    /// <summary>The number that was read.</summary>
    public readonly float Number(string what) =>
        _reader.TokenType != JsonTokenType.Number ? throw Fail($"{what} must be a number.")
        : _reader.TryGetSingle(out float value) && float.IsFinite(value) ? value
        : throw Fail($"{what} must be a number that float32 can hold.");

    /// <summary>The text of the object that is to be read, which is passed.</summary>
    public string Object(string what)
    {
        ExpectObject(what);
        long start = _reader.TokenStartIndex;
        Skip();
        return Utf8Text.Strict.GetString(_text[(int)start..(int)_reader.BytesConsumed]);
    }

    /// <summary>Passes the value that is to be read.</summary>
    public void Skip()
    {
        try
        {
            _reader.Skip();
        }
        catch (JsonException failure)
        {
            throw FailOf(failure);
        }
    }

    public readonly InvalidDataException Fail(string rule) =>
        FailAt((int)_reader.TokenStartIndex, _list.Length == 0 ? rule : string.Create(CultureInfo.InvariantCulture, $"{_list}[{_item}]: {rule}"));

    private void Read()
    {
        try
        {
            if (!_reader.Read())
            {
                throw FailAt(_text.Length, "the file ends too soon.");
            }
        }
        catch (JsonException failure)
        {
            throw FailOf(failure);
        }
    }

    private readonly string Text()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Fail("a string escapes half of a surrogate pair.");
        }
    }

    private readonly InvalidDataException FailOf(JsonException failure) =>
        FailAt((int)Utf8Text.OffsetOf(_text, failure), $"the file is not valid JSON: {Utf8Text.ReasonOf(failure)}");

    private readonly InvalidDataException FailAt(int offset, string rule)
    {
        ReadOnlySpan<byte> before = _text[..Math.Min(offset, _text.Length)];
        int column = before.Length - before.LastIndexOf((byte)'\n');
        return BadFile.AtLine(_path, before.Count((byte)'\n') + 1, string.Create(CultureInfo.InvariantCulture, $"column {column}: {rule}"));
    }
}
