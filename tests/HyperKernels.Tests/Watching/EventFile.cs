using System.Buffers.Binary;
using System.Text;

namespace HyperKernels.Tests.Watching;

/// <summary>
/// Reads TensorBoard's event files after the published schemas (event.proto, summary.proto, histogram.proto, tensor.proto), on its own: checksums bit by bit,
/// messages as fields by number.
/// </summary>
internal static class EventFile
{
    /// <summary>All events, each as its fields: numbers, doubles and bytes by number, in order.</summary>
    /// <exception cref="InvalidDataException">A length, a checksum or a field is wrong.</exception>
    public static List<Message> Read(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using MemoryStream all = new();
        stream.CopyTo(all);
        ReadOnlySpan<byte> rest = all.ToArray();
        List<Message> events = [];
        while (rest.Length > 0)
        {
            Check(rest[..8], BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]));
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(rest));
            ReadOnlySpan<byte> content = rest.Slice(12, length);
            Check(content, BinaryPrimitives.ReadUInt32LittleEndian(rest[(12 + length)..]));
            events.Add(new Message(content.ToArray()));
            rest = rest[(16 + length)..];
        }
        return events;
    }

    /// <summary>The masked checksum of some bytes, by the definition of CRC-32C: polynomial 0x1EDC6F41, bits reflected.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint state = uint.MaxValue;
        foreach (byte value in bytes)
        {
            state ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                state = (state & 1) != 0 ? (state >> 1) ^ 0x82F63B78 : state >> 1;
            }
        }
        uint crc = ~state;
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    }

    private static void Check(ReadOnlySpan<byte> bytes, uint stored)
    {
        if (Checksum(bytes) != stored)
        {
            throw new InvalidDataException($"a checksum is {stored:X8} and should be {Checksum(bytes):X8}.");
        }
    }

    /// <summary>A message of Protocol Buffers.</summary>
    internal sealed class Message
    {
        private readonly List<(int Field, object Value)> _fields = [];

        public Message(byte[] bytes)
        {
            int at = 0;
            while (at < bytes.Length)
            {
                ulong tag = Varint(bytes, ref at);
                int field = (int)(tag >> 3);
                switch (tag & 7)
                {
                    case 0:
                        _fields.Add((field, (long)Varint(bytes, ref at)));
                        break;
                    case 1:
                        _fields.Add((field, BitConverter.ToDouble(bytes, at)));
                        at += 8;
                        break;
                    case 2:
                        int length = (int)Varint(bytes, ref at);
                        _fields.Add((field, bytes[at..(at + length)]));
                        at += length;
                        break;
                    case 5:
                        _fields.Add((field, BitConverter.ToSingle(bytes, at)));
                        at += 4;
                        break;
                    default:
                        throw new InvalidDataException($"field {field} has wire type {tag & 7}.");
                }
            }
        }

        public bool Has(int field) => _fields.Exists(one => one.Field == field);

        public T Get<T>(int field) => (T)_fields.Single(one => one.Field == field).Value;

        public string Text(int field) => Encoding.UTF8.GetString(Get<byte[]>(field));

        public Message Inner(int field) => new(Get<byte[]>(field));

        public double[] Doubles(int field)
        {
            byte[] packed = Get<byte[]>(field);
            return [.. Enumerable.Range(0, packed.Length / 8).Select(i => BitConverter.ToDouble(packed, 8 * i))];
        }

        private static ulong Varint(byte[] bytes, ref int at)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte next = bytes[at++];
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }
        }
    }
}
