using System.Buffers.Binary;
using System.IO.Compression;
using HyperKernels.IO;

namespace HyperKernels.Interchange;

/// <summary>Reads images in PNG's format: grey, in colour or by a palette, of 1 to 16 bits, not interlaced. Source: ISO/IEC 15948.</summary>
/// <remarks>Transparency is left out; of 16 bits the upper eight are kept. Damage shows in the check that closes the packed pixels; the chunks' own checks are not read.</remarks>
internal static class PngReader
{
    private const int MostPixels = 1 << 28;
    private const int Grey = 0;
    private const int Colour = 2;
    private const int Palette = 3;
    private const int GreyAlpha = 4;
    private const int ColourAlpha = 6;
    private const int HeaderBytes = 13;
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Rows, columns, channels (1: grey, 3: red, green, blue), and bytes <c>[height, width, channels]</c>.</returns>
    /// <exception cref="InvalidDataException">The file is no image, damaged, or of a form that is not read.</exception>
    public static (int Height, int Width, int Channels, byte[] Pixels) Read(string path) => Read(path, File.ReadAllBytes(path));

    /// <summary>Whether a file begins as PNG files do.</summary>
    public static bool Begins(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    /// <summary>Reads a file's bytes.</summary>
    public static (int Height, int Width, int Channels, byte[] Pixels) Read(string path, ReadOnlySpan<byte> file)
    {
        if (!Begins(file))
        {
            throw new InvalidDataException($"{path}: a PNG file begins with its signature; this one does not.");
        }
        Form? form = null;
        byte[] palette = [];
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
                form = Header(content, path, file.Length);
            }
            else if (name.SequenceEqual("PLTE"u8))
            {
                palette = content.ToArray();
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
        Form read = form ?? throw new InvalidDataException($"{path}: there must be a header, IHDR; there is none.");
        packed.Position = 0;
        byte[] rows = Unpack(packed, read.Height, read.Pitch, Math.Max(1, read.Samples * read.Depth / 8), path);
        return (read.Height, read.Width, read.Channels, read is { Depth: 8, Kind: Grey or Colour } ? rows : Bytes(path, read, rows, palette));
    }

    private static Form Header(ReadOnlySpan<byte> header, string path, long fileBytes)
    {
        if (header.Length != HeaderBytes)
        {
            throw new InvalidDataException($"{path}: the header must have {HeaderBytes} bytes; it has {header.Length}.");
        }
        int width = BinaryPrimitives.ReadInt32BigEndian(header);
        int height = BinaryPrimitives.ReadInt32BigEndian(header[4..]);
        double most = Math.Max(FileLimits.AlwaysBytes, fileBytes * FileLimits.Expansion);
        if (width < 1 || height < 1 || (long)width * height > MostPixels || (double)width * height * 3 > most)
        {
            throw new InvalidDataException(
                $"{path}: an image has 1 to {MostPixels:N0} pixels, and no more than FileLimits.Expansion allows; the header says {width} x {height}.");
        }
        (byte depth, byte kind, byte interlace) = (header[8], header[9], header[12]);
        bool isKnown = kind switch
        {
            Grey => depth is 1 or 2 or 4 or 8 or 16,
            Palette => depth is 1 or 2 or 4 or 8,
            Colour or GreyAlpha or ColourAlpha => depth is 8 or 16,
            _ => false,
        };
        return isKnown && interlace == 0
            ? new Form(height, width, depth, kind)
            : throw new InvalidDataException(
                $"{path}: images of the format's kinds and depths are read, not interlaced (0); got {depth} bits, kind {kind}, interlace {interlace}. Save it again so.");
    }

    // Samples of any depth, colours by their numbers, and transparency become bytes of one or three channels.
    private static byte[] Bytes(string path, in Form form, byte[] rows, byte[] palette)
    {
        byte[] pixels = new byte[form.Height * form.Width * form.Channels];
        int most = (1 << Math.Min(form.Depth, 8)) - 1;
        int to = 0;
        for (int y = 0; y < form.Height; y++)
        {
            ReadOnlySpan<byte> row = rows.AsSpan(y * form.Pitch, form.Pitch);
            for (int x = 0; x < form.Width; x++)
            {
                if (form.Kind == Palette)
                {
                    int at = 3 * Sample(row, x, form.Depth);
                    if (at + 3 > palette.Length)
                    {
                        throw new InvalidDataException($"{path}: row {y} has colour {at / 3}; the palette has {palette.Length / 3}.");
                    }
                    palette.AsSpan(at, 3).CopyTo(pixels.AsSpan(to));
                    to += 3;
                    continue;
                }
                for (int channel = 0; channel < form.Channels; channel++)
                {
                    pixels[to++] = (byte)(Sample(row, (x * form.Samples) + channel, form.Depth) * 255 / most);
                }
            }
        }
        return pixels;
    }

    // Of 16 bits the upper eight; smaller ones stand in a byte from its high end.
    private static int Sample(ReadOnlySpan<byte> row, int number, int depth) => depth switch
    {
        16 => row[2 * number],
        8 => row[number],
        _ => (row[number * depth / 8] >> (8 - depth - (number * depth % 8))) & ((1 << depth) - 1),
    };

    private static byte[] Unpack(Stream packed, int height, int pitch, int step, string path)
    {
        byte[] pixels = new byte[(long)height * pitch];
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
                Unfilter(filter, row, above, step);
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
    private static void Unfilter(int filter, Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        for (int i = 0; i < row.Length; i++)
        {
            int left = i < step ? 0 : row[i - step];
            int corner = i < step ? 0 : above[i - step];
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

    private readonly record struct Form(int Height, int Width, int Depth, int Kind)
    {
        public int Channels => Kind is Grey or GreyAlpha ? 1 : 3;

        public int Samples => Kind switch { Grey or Palette => 1, GreyAlpha => 2, Colour => 3, _ => 4 };

        public int Pitch => (int)((((long)Width * Samples * Depth) + 7) / 8);
    }
}
