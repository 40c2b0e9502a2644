using System.Buffers.Binary;
using System.Numerics;

namespace HyperKernels.Distributed;

/// <summary>CRC-32C (Castagnoli), for which processors have an instruction: some gigabytes a second.</summary>
internal static class Crc32C
{
    /// <summary>Goes on with the checksum <paramref name="crc"/> of what came before; 0 at the start.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }
        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }
        return ~crc;
    }
}
