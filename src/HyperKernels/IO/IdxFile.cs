using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;

namespace HyperKernels.IO;

/// <summary>Reads IDX files, the format of MNIST; gzip is recognised by content, not by name.</summary>
/// <remarks>
/// Two zero bytes, the element type, the number of dimensions, one big-endian 32-bit size per dimension, the elements row-major and
/// big-endian. A gzip file has one member, as gzip itself writes them. Source: LeCun, Cortes, Burges, "The MNIST database", section "The IDX file format".
/// </remarks>
public static class IdxFile
{
    private const int GzipTrailerBytes = 8;

    /// <summary>Reads a file, decompressed where it is gzip.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The array: U8, I8, I16, I32, F32 or F64.</returns>
    /// <exception cref="InvalidDataException">
    /// The file breaks a rule of the format, is cut off or too long; offsets in the message count decompressed bytes.
    /// </exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static NumericArray Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        Span<byte> magic = stackalloc byte[2];
        bool compressed = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
        if (!compressed)
        {
            file.Position = 0;
            return Read(new BoundedReader(file, path, file.Length));
        }
        uint promised = ReadGzipLength(file, path);
        file.Position = 0;
        using GZipStream inflated = new(file, CompressionMode.Decompress);
        BoundedReader reader = new(inflated, path, BoundedReader.MostInflated(file.Length));
        NumericArray array = Read(reader);
        // The decompressor passes over bytes behind the stream; the length in the file's last bytes gives them away.
        if ((uint)reader.Position != promised)
        {
            throw reader.Fail(reader.Position,
                $"gzip's trailer gives {BadFile.N(promised)} decompressed bytes; {BadFile.N(reader.Position)} came. "
                + "Bytes may follow the compressed data.");
        }
        return array;
    }

    private static uint ReadGzipLength(FileStream file, string path)
    {
        if (file.Length < 18)
        {
            throw BadFile.At(path, file.Length, "a gzip file has at least 18 bytes; this one is cut off.");
        }
        Span<byte> trailer = stackalloc byte[GzipTrailerBytes];
        file.Position = file.Length - GzipTrailerBytes;
        file.ReadExactly(trailer);
        return BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]);
    }

    private static NumericArray Read(BoundedReader reader)
    {
        Span<byte> head = stackalloc byte[4];
        reader.ReadExactly(head, "the 4 bytes of the IDX magic number");
        if (head[0] != 0 || head[1] != 0)
        {
            throw reader.Fail(0, $"an IDX file begins with two zero bytes; got 0x{head[0]:X2} 0x{head[1]:X2}.");
        }
        StoredType type = head[2] switch
        {
            0x08 => StoredType.U8,
            0x09 => StoredType.I8,
            0x0B => StoredType.I16,
            0x0C => StoredType.I32,
            0x0D => StoredType.F32,
            0x0E => StoredType.F64,
            _ => throw reader.Fail(2, $"the element type must be one of 0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E; got 0x{head[2]:X2}."),
        };
        int rank = head[3];
        if (rank is 0 or > StoredTypes.MaxRank)
        {
            throw reader.Fail(3, $"the number of dimensions must be from 1 to {StoredTypes.MaxRank}; got {rank}.");
        }
        Span<byte> sizes = stackalloc byte[4 * rank];
        reader.ReadExactly(sizes, "the sizes");
        long[] shape = new long[rank];
        for (int i = 0; i < rank; i++)
        {
            shape[i] = BinaryPrimitives.ReadInt32BigEndian(sizes[(4 * i)..]);
            if (shape[i] < 0)
            {
                throw reader.Fail(4 + (4 * i), $"size {i} must not be negative; got {BadFile.N(shape[i])}.");
            }
        }
        if (!StoredTypes.TryByteLength(shape, type, out _, out long bytes))
        {
            throw reader.Fail(4, $"the size of shape {StoredTypes.Text(shape)} of {type.Name()} passes 63 bits.");
        }
        long start = reader.Position;
        byte[] payload = reader.ReadPayload(bytes, $"{type.Name()} {StoredTypes.Text(shape)}");
        reader.ExpectEnd("its elements");
        NumericArray.SwapBytes(payload, type.Size());
        return new NumericArray(type, ImmutableArray.Create(shape), payload, new StoredOrigin(reader.Path, start, "the array"));
    }
}
