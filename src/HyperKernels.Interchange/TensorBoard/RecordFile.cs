using System.Buffers.Binary;
using System.Numerics;

namespace HyperKernels.Interchange;

/// <summary>
/// Appends records to a file as TensorFlow frames them: length, checksum of the length, content, checksum of the content, little-endian. Source: tensorflow.org, "TFRecord".
/// </summary>
internal sealed class RecordFile(Stream stream) : IDisposable
{
    public void Append(ReadOnlySpan<byte> content)
    {
        Span<byte> head = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], Checksum(head[..8]));
        stream.Write(head);
        stream.Write(content);
        BinaryPrimitives.WriteUInt32LittleEndian(head, Checksum(content));
        stream.Write(head[..4]);
    }

    public void Flush() => stream.Flush();

    public void Dispose() => stream.Dispose();

    /// <summary>CRC-32C, masked, so that a record that holds checksums of its own is not mistaken for one.</summary>
    private static uint Checksum(ReadOnlySpan<byte> content)
    {
        uint state = uint.MaxValue;
        for (; content.Length >= sizeof(ulong); content = content[sizeof(ulong)..])
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(content));
        }
        foreach (byte value in content)
        {
            state = BitOperations.Crc32C(state, value);
        }
        return BitOperations.RotateRight(~state, 15) + 0xA282EAD8;
    }
}
