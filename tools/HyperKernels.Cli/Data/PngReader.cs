using System.Buffers.Binary;
using System.IO.Compression;

namespace HyperKernels.Cli.Data;

/// <summary>Reads images in PNG's format: eight bits a channel, grey or in colour, not interlaced. Source: ISO/IEC 15948.</summary>
/// <remarks>Damage shows in the check that closes the packed pixels; the chunks' own checks are not read.</remarks>
internal static class PngReader
{
    private const int MostPixels = 1 << 28;
    private const int HeaderBytes = 13;
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Rows, columns, channels (1: grey, 3: red, green, blue), and bytes <c>[height, width, channels]</c>.</returns>
    /// <exception cref="InvalidDataException">The file is no image, damaged, or of a form that is not read.</exception>
    public static (int Height, int Width, int Channels, byte[] Pixels) Read(string path)
    {
        ReadOnlySpan<byte> file = File.ReadAllBytes(path);
        if (!file.StartsWith(Signature))
        {
            throw new InvalidDataException($"{path}: a PNG file begins with its signature; this one does not.");
        }
        (int Height, int Width, int Channels)? size = null;
        using MemoryStream packed = new();
        ReadOnlySpan<byte> rest = file[Signature.Length..];
        while (true)
        {
            int length = rest.Length < 12 ? -1 : BinaryPrimitives.ReadInt32BigEndian(rest);
            if (length < 0 || length > rest.Length - 12)
            {
                throw new InvalidDataException($"{path}: the chunk at byte {file.Length - rest.Length:N0} must end within the file of {file.Length:N0} bytes; it may be cut off.");
            }
            ReadOnlySpan<byte> name = rest.Slice(4, 4);
            ReadOnlySpan<byte> content = rest.Slice(8, length);
            if (name.SequenceEqual("IHDR"u8))
            {
                size = Header(content, path);
            }
            else if (name.SequenceEqual("IDAT"u8))
            {
                packed.Write(content);
            }
            else if (name.SequenceEqual("IEND"u8))
            {
                break;
            }
            rest = rest[(12 + length)..];
        }
        (int height, int width, int channels) = size ?? throw new InvalidDataException($"{path}: there must be a header, IHDR; there is none.");
        packed.Position = 0;
        return (height, width, channels, Unpack(packed, height, width * channels, channels, path));
    }

    private static (int Height, int Width, int Channels) Header(ReadOnlySpan<byte> header, string path)
    {
        if (header.Length != HeaderBytes)
        {
            throw new InvalidDataException($"{path}: the header must have {HeaderBytes} bytes; it has {header.Length}.");
        }
        int width = BinaryPrimitives.ReadInt32BigEndian(header);
        int height = BinaryPrimitives.ReadInt32BigEndian(header[4..]);
        if (width < 1 || height < 1 || (long)width * height > MostPixels)
        {
            throw new InvalidDataException($"{path}: an image has 1 to {MostPixels:N0} pixels; the header says {width} x {height}.");
        }
        (byte depth, byte kind, byte interlace) = (header[8], header[9], header[12]);
        return depth == 8 && kind is 0 or 2 && interlace == 0
            ? (height, width, kind == 0 ? 1 : 3)
            : throw new InvalidDataException(
                $"{path}: only 8 bits a channel, grey (0) or red, green and blue (2), not interlaced (0) are read; "
                + $"got {depth} bits, kind {kind}, interlace {interlace}. Save it again so.");
    }

    private static byte[] Unpack(Stream packed, int height, int pitch, int channels, string path)
    {
        byte[] pixels = new byte[height * pitch];
        try
        {
            using ZLibStream zlib = new(packed, CompressionMode.Decompress);
            ReadOnlySpan<byte> above = new byte[pitch];
            for (int y = 0; y < height; y++)
            {
                int filter = zlib.ReadByte();
                Span<byte> row = pixels.AsSpan(y * pitch, pitch);
                zlib.ReadExactly(row);
                if (filter > 4)
                {
                    throw new InvalidDataException($"row {y} has filter {filter}, where 0 to 4 are known");
                }
                Unfilter(filter, row, above, channels);
                above = row;
            }
            // Reading on to the end is what checks the sum of all bytes.
            if (zlib.ReadByte() >= 0)
            {
                throw new InvalidDataException($"there are more than {height} rows");
            }
        }
        catch (Exception failure) when (failure is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"{path}: the pixels are damaged: {failure.Message.TrimEnd('.')}.", failure);
        }
        return pixels;
    }

    // Section 9.2: what was taken from each byte is put back, with bytes of the pixel before, above, and before that one.
    private static void Unfilter(int filter, Span<byte> row, ReadOnlySpan<byte> above, int channels)
    {
        for (int i = 0; i < row.Length; i++)
        {
            int left = i < channels ? 0 : row[i - channels];
            int corner = i < channels ? 0 : above[i - channels];
            row[i] += (byte)(filter switch
            {
                1 => left,
                2 => above[i],
                3 => (left + above[i]) / 2,
                4 => Paeth(left, above[i], corner),
                _ => 0,
            });
        }
    }

    // The nearest of the three to left + above - corner.
    private static int Paeth(int left, int above, int corner)
    {
        (int toLeft, int toAbove, int toCorner) = (Math.Abs(above - corner), Math.Abs(left - corner), Math.Abs(left + above - (2 * corner)));
        return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
    }
}
