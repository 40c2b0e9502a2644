namespace HyperKernels.IO;

/// <summary>
/// Reads a stream that stems from a file of known size, and refuses what it cannot hold before memory is taken for it. Every failure of the
/// stream's format becomes an <see cref="InvalidDataException"/> with path and offset.
/// </summary>
internal sealed class BoundedReader(Stream stream, string path, long most)
{
    // No deflate stream can be longer, for a given number of compressed bytes (zlib technical notes), plus its fixed overhead.
    private const long MaxDeflateRatio = 1032;

    // Memory that is taken on a header's word; more is taken as the bytes come, so that a small file cannot reserve a thousand times its size.
    private const int FirstPart = 1 << 24;

    /// <summary>The most bytes that <paramref name="compressed"/> bytes of deflate can become, and are allowed to.</summary>
    internal static long MostInflated(long compressed)
    {
        long possible = compressed > long.MaxValue / MaxDeflateRatio - 1 ? long.MaxValue : (compressed + 1) * MaxDeflateRatio;
        double allowed = Math.Max(FileLimits.AlwaysBytes, compressed * FileLimits.Expansion);
        return allowed < possible ? (long)allowed : possible;
    }

    internal string Path => path;

    /// <summary>Bytes read so far: the offset in the decompressed content.</summary>
    internal long Position { get; private set; }

    internal InvalidDataException Fail(long offset, string rule, Exception? cause = null) => BadFile.At(path, offset, rule, cause);

    internal void ReadExactly(Span<byte> to, string what)
    {
        int done = 0;
        while (done < to.Length)
        {
            int read = Read(to[done..]);
            if (read == 0)
            {
                throw Fail(Position, $"the file ends inside {what}; {BadFile.N(to.Length)} bytes were due, {BadFile.N(done)} came.");
            }
            done += read;
        }
    }

    /// <summary>Checks that the file can hold a payload, then takes memory and reads it.</summary>
    internal byte[] ReadPayload(long bytes, string what)
    {
        if (bytes > Array.MaxLength)
        {
            throw Fail(Position, $"{what} may have at most {BadFile.N(Array.MaxLength)} bytes; the header promises {BadFile.N(bytes)}.");
        }
        if (bytes > most - Position)
        {
            throw Fail(Position,
                $"the header promises {BadFile.N(bytes)} bytes of {what} but the file can hold {BadFile.N(Math.Max(0, most - Position))}; "
                + $"it may be cut off{(stream.CanSeek ? "" : ", or its content expands more than FileLimits.Expansion allows")}.");
        }
        byte[] payload = GC.AllocateUninitializedArray<byte>((int)Math.Min(bytes, Math.Max(FirstPart, stream.CanSeek ? bytes : 0)));
        for (int done = 0; ;)
        {
            ReadExactly(payload.AsSpan(done), what);
            done = payload.Length;
            if (done == bytes)
            {
                return payload;
            }
            Array.Resize(ref payload, (int)Math.Min(bytes, 2L * done));
        }
    }

    internal void ExpectEnd(string what)
    {
        long end = Position;
        Span<byte> one = stackalloc byte[1];
        if (Read(one) != 0)
        {
            throw Fail(end, $"the file must end after {what}; more bytes follow.");
        }
    }

    private int Read(Span<byte> to)
    {
        try
        {
            int read = stream.Read(to);
            Position += read;
            return read;
        }
        catch (InvalidDataException failure)
        {
            throw Fail(Position, $"the compressed data is damaged: {failure.Message}", failure);
        }
        catch (EndOfStreamException failure)
        {
            throw Fail(Position, $"the compressed data is cut off: {failure.Message}", failure);
        }
    }
}
