using System.Buffers.Text;

namespace HyperKernels.IO;

/// <summary>Reads a text file line by line as bytes, through one buffer; refusals name file and line.</summary>
internal sealed class TextLines : IDisposable
{
    private const int SmallestBuffer = 1 << 12;
    private const int FirstBuffer = 1 << 20;

    private readonly FileStream _file;
    private byte[] _buffer;
    private int _start;
    private int _end;
    private bool _isDone;

    public TextLines(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        // Unbuffered: the lines' own buffer is enough.
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        // One byte more than the file has, so that its end is seen without a larger one.
        _buffer = new byte[Math.Clamp(_file.Length + 1, SmallestBuffer, FirstBuffer)];
        Fill();
        if (_end >= 3 && _buffer.AsSpan(0, 3).SequenceEqual("\uFEFF"u8))
        {
            _start = 3;
        }
    }

    public string Path { get; }

    /// <summary>The number of the line that was read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Reads a line, without its end; valid until the next one is read.</summary>
    public bool Read(out ReadOnlySpan<byte> line)
    {
        int searched = 0;
        while (true)
        {
            int at = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                line = Trim(_buffer.AsSpan(_start, searched + at));
                _start += searched + at + 1;
                Number++;
                return true;
            }
            searched = _end - _start;
            if (_isDone)
            {
                line = Trim(_buffer.AsSpan(_start, searched));
                _start = _end;
                Number += searched > 0 ? 1 : 0;
                return searched > 0;
            }
            Fill();
        }
    }

    /// <summary>Reads a line that has to be there.</summary>
    public ReadOnlySpan<byte> Expect(string what) =>
        Read(out ReadOnlySpan<byte> line) ? line : throw BadFile.AtLine(Path, Number, $"the file ends where {what} was due.");

    public InvalidDataException Fail(string rule) => BadFile.AtLine(Path, Number, rule);

    /// <summary>A whole number from <paramref name="least"/> on that fits 32 bits.</summary>
    public int Int(ReadOnlySpan<byte> field, int least, string what)
    {
        long value = 0;
        bool isNumber = field.Length is > 0 and <= 10;
        foreach (byte digit in field)
        {
            isNumber &= digit is >= (byte)'0' and <= (byte)'9';
            value = (value * 10) + (digit - '0');
            if (!isNumber)
            {
                break;
            }
        }
        return isNumber && value >= least && value < int.MaxValue
            ? (int)value
            : throw Fail($"{what} must be a whole number from {least} to below {BadFile.N(int.MaxValue)}; it is {BadFile.Quote(field)}.");
    }

    /// <summary>A whole number of 64 bits.</summary>
    public long Long(ReadOnlySpan<byte> field, string what) =>
        Utf8Parser.TryParse(field, out long value, out int used) && used == field.Length
            ? value
            : throw Fail($"{what} must be a whole number of 64 bits; it is {BadFile.Quote(field)}.");

    /// <summary>A finite number.</summary>
    public float Float(ReadOnlySpan<byte> field, string what) =>
        Utf8Parser.TryParse(field, out float value, out int used) && used == field.Length && float.IsFinite(value)
            ? value
            : throw Fail($"{what} must be a number that float32 can hold; it is {BadFile.Quote(field)}.");

    /// <summary>Words of a name.</summary>
    public string Text(ReadOnlySpan<byte> field)
    {
        try
        {
            return Utf8Text.Strict.GetString(field);
        }
        catch (System.Text.DecoderFallbackException)
        {
            throw Fail("the line is not valid UTF-8.");
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Whether a line says nothing.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept((byte)' ', (byte)'\t') < 0;

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> line) => line is [.., (byte)'\r'] ? line[..^1] : line;

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end == _buffer.Length)
        {
            // A line that is longer than the buffer: it cannot be longer than the file.
            if (_buffer.Length == Array.MaxLength)
            {
                throw BadFile.AtLine(Path, Number + 1, $"a line may have at most {BadFile.N(Array.MaxLength)} bytes.");
            }
            Array.Resize(ref _buffer, (int)Math.Min(2L * _buffer.Length, Array.MaxLength));
        }
        int read = _file.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _isDone = read == 0;
    }
}
