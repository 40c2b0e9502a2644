using System.Buffers.Binary;
using System.IO.Compression;

namespace HyperKernels.Interchange;

/// <summary>Writes images in PNG's format, eight bits a channel. Source: ISO/IEC 15948.</summary>
public static class PngFile
{
    private const byte GreyScale = 0;
    private const byte TrueColour = 2;
    private const byte TrueColourWithAlpha = 6;

    private static readonly uint[] s_remainders = [.. Enumerable.Range(0, 256).Select(static value => Remainder((uint)value))];

    /// <summary>A grey image.</summary>
    /// <param name="pixels">Row-major, <c>[height, width]</c>.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    public static byte[] Grey(ReadOnlySpan<byte> pixels, int height, int width) => Encode(pixels, height, width, 1, GreyScale);

    /// <summary>An image in colour.</summary>
    /// <param name="pixels">Row-major, <c>[height, width, 3]</c>: red, green, blue.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    public static byte[] Colour(ReadOnlySpan<byte> pixels, int height, int width) => Encode(pixels, height, width, 3, TrueColour);

    /// <summary>An image in colour that lets what is behind it shine through.</summary>
    /// <param name="pixels">Row-major, <c>[height, width, 4]</c>: red, green, blue, and how much they cover.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    public static byte[] ColourWithAlpha(ReadOnlySpan<byte> pixels, int height, int width) => Encode(pixels, height, width, 4, TrueColourWithAlpha);

    private static byte[] Encode(ReadOnlySpan<byte> pixels, int height, int width, int channels, byte kind)
    {
        int pitch = width * channels;
        if (height < 1 || width < 1 || pixels.Length != (long)height * pitch)
        {
            throw new ArgumentException($"PngFile: an image of {height} x {width} x {channels} needs as many bytes; got {pixels.Length}.");
        }
        using MemoryStream file = new();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;
        header[9] = kind;
        Chunk(file, "IHDR"u8, header);
        using (MemoryStream packed = new())
        {
            using (ZLibStream zlib = new(packed, CompressionLevel.Optimal, leaveOpen: true))
            {
                for (int y = 0; y < height; y++)
                {
                    // Every row begins with the number of its filter: none.
                    zlib.WriteByte(0);
                    zlib.Write(pixels.Slice(y * pitch, pitch));
                }
            }
            Chunk(file, "IDAT"u8, packed.GetBuffer().AsSpan(0, (int)packed.Length));
        }
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        file.Write(name);
        file.Write(content);
        uint check = ~Check(Check(uint.MaxValue, name), content);
        BinaryPrimitives.WriteUInt32BigEndian(number, check);
        file.Write(number);
    }

    // The cyclic redundancy code of the standard's annex D.
    private static uint Check(uint state, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            state = s_remainders[(state ^ value) & 0xFF] ^ (state >> 8);
        }
        return state;
    }

    private static uint Remainder(uint value)
    {
        for (int bit = 0; bit < 8; bit++)
        {
            value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
        }
        return value;
    }
}
