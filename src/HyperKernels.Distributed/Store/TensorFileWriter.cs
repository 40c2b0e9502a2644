using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace HyperKernels.Distributed;

/// <summary>Writes a safetensors file of one tensor as it comes: how long it gets, its header says when all is written.</summary>
internal sealed class TensorFileWriter : IDisposable
{
    /// <summary>Header and its length: the data begin on a page, so that rows of a power of two bytes lie in as few pages as they can.</summary>
    public const int HeaderBytes = 4096;

    private const int BufferBytes = 1 << 20;
    private const int ChunkElements = 1 << 20;

    private readonly FileStream _stream;
    private readonly string _name;
    private readonly string _type;
    private readonly bool _sums;

    /// <param name="path">The file to make.</param>
    /// <param name="name">The tensor's name.</param>
    /// <param name="type">As safetensors spells it: F32.</param>
    /// <param name="sums">Whether a checksum is computed.</param>
    public TensorFileWriter(string path, string name, string type, bool sums)
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("HypergraphStoreWriter: the machine must be little-endian, as the format is.");
        }
        (_name, _type, _sums) = (name, type, sums);
        _stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, BufferBytes);
        _stream.Write(new byte[HeaderBytes]);
    }

    /// <summary>Bytes of the file so far.</summary>
    public long Length => _stream.Position;

    /// <summary>Of the data so far.</summary>
    public uint Checksum { get; private set; }

    public void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        while (!values.IsEmpty)
        {
            // Keeps byte spans below their limit for arrays of any length.
            int count = Math.Min(values.Length, ChunkElements);
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values[..count]);
            _stream.Write(bytes);
            Checksum = _sums ? Crc32C.Append(Checksum, bytes) : 0;
            values = values[count..];
        }
    }

    /// <summary>Writes the header and brings the file to the disk.</summary>
    public void Complete(params ReadOnlySpan<long> shape)
    {
        string sizes = string.Join(',', shape.ToArray());
        string json = FormattableString.Invariant($"{{\"{_name}\":{{\"dtype\":\"{_type}\",\"shape\":[{sizes}],\"data_offsets\":[0,{Length - HeaderBytes}]}}}}");
        byte[] header = new byte[HeaderBytes];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteUInt64LittleEndian(header, HeaderBytes - sizeof(ulong));
        Encoding.UTF8.GetBytes(json, header.AsSpan(sizeof(ulong)));
        _stream.Position = 0;
        _stream.Write(header);
        _stream.Flush(flushToDisk: true);
    }

    public void Dispose() => _stream.Dispose();
}
