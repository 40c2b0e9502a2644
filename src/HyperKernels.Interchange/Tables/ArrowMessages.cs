using System.Buffers.Binary;

namespace HyperKernels.Interchange;

/// <summary>
/// Goes through the messages of an Arrow file before a library does that takes memory on their word: every length must lie within the file, and what the footer points at
/// must be a message. Sources: arrow.apache.org, "Arrow Columnar Format", "Encapsulated message format", <c>Message.fbs</c> and <c>File.fbs</c>.
/// </summary>
internal static class ArrowMessages
{
    private const int Continuation = -1;
    private const int Schema = 1;
    private const int DictionaryBatch = 2;
    private const int RecordBatch = 3;
    private const int NodeBytes = 16;
    private const int BlockBytes = 24;

    // Both ends of a file: its signature, at the start padded to 8 bytes, at the end behind the footer and its length.
    public const int Head = 8;
    private const int Tail = 10;

    /// <summary>Checks a file, or a stream in a file.</summary>
    /// <exception cref="InvalidDataException">A length breaks a rule; the message names file, byte and rule. Offsets that lead outside throw what spans throw.</exception>
    public static void Check(string path, FileStream file, bool isFile)
    {
        int footer = isFile ? FooterLength(path, file) : 0;
        long end = isFile ? file.Length - Tail - footer : file.Length;
        Dictionary<long, int> kinds = [];
        for (long at = isFile ? Head : 0; at + sizeof(int) <= end;)
        {
            long begin = at;
            int length = Int(file, at);
            at += sizeof(int);
            if (length == Continuation)
            {
                length = Int(file, at);
                at += sizeof(int);
            }
            if (length == 0)
            {
                break;
            }
            if (length < 0 || length > end - at)
            {
                throw Refusal.At(path, at, FormattableString.Invariant($"a message of {length:N0} bytes must end within the {end:N0} bytes there are; the file may be cut off."));
            }
            (int kind, long body) = Look(path, at, Bytes(file, at, length));
            kinds.Add(begin, kind);
            at += length;
            if (body < 0 || body > end - at)
            {
                throw Refusal.At(path, at, FormattableString.Invariant($"a message's body of {body:N0} bytes must end within the {end:N0} bytes there are; it may be cut off."));
            }
            at += body;
        }
        if (isFile)
        {
            CheckBlocks(path, end, Bytes(file, end, footer), kinds);
        }
        file.Position = 0;
    }

    private static int FooterLength(string path, FileStream file)
    {
        int length = file.Length < Head + Tail ? -1 : Int(file, file.Length - Tail);
        return length > 0 && length <= file.Length - Head - Tail
            ? length
            : throw Refusal.At(path, Math.Max(0, file.Length - Tail), $"a footer of {length} bytes must lie within the file; it may be cut off.");
    }

    // What a message is, and how long what follows it.
    private static (int Kind, long Body) Look(string path, long at, ReadOnlySpan<byte> message)
    {
        int root = Target(message, 0);
        int kind = Field(message, root, 1);
        int header = Field(message, root, 2);
        int batch = kind == 0 || header == 0 ? 0 : message[kind] switch
        {
            RecordBatch => Target(message, header),
            DictionaryBatch when Field(message, Target(message, header), 1) is var data and not 0 => Target(message, data),
            _ => 0,
        };
        foreach (int vector in batch == 0 ? [] : (int[])[Field(message, batch, 1), Field(message, batch, 2)])
        {
            CheckVector(path, at, message, vector, NodeBytes);
        }
        if (kind != 0 && header != 0 && message[kind] == Schema)
        {
            new ArrowSchema(path, at, message).Check(Target(message, header));
        }
        int body = Field(message, root, 3);
        return (kind == 0 ? 0 : message[kind], body == 0 ? 0 : BinaryPrimitives.ReadInt64LittleEndian(message[body..]));
    }

    private static void CheckBlocks(string path, long at, ReadOnlySpan<byte> footer, Dictionary<long, int> kinds)
    {
        int root = Target(footer, 0);
        if (Field(footer, root, 1) is var schema and not 0)
        {
            new ArrowSchema(path, at, footer).Check(Target(footer, schema));
        }
        foreach ((int field, int wanted) in ((int, int)[])[(Field(footer, root, 2), DictionaryBatch), (Field(footer, root, 3), RecordBatch)])
        {
            (int count, int first) = CheckVector(path, at, footer, field, BlockBytes);
            for (int i = 0; i < count; i++)
            {
                long offset = BinaryPrimitives.ReadInt64LittleEndian(footer[(first + (i * BlockBytes))..]);
                // Each once: a batch that is named a thousand times would be read as often. Behind a message of another kind the library reads on, over the end of those seen here.
                if (!kinds.Remove(offset, out int kind) || kind != wanted)
                {
                    throw Refusal.At(
                        path, at, FormattableString.Invariant($"the footer points at byte {offset:N0}, where no message of its kind begins, or for the second time."));
                }
            }
        }
    }

    public static (int Count, int First) CheckVector(string path, long at, ReadOnlySpan<byte> table, int field, int elementBytes)
    {
        if (field == 0)
        {
            return (0, 0);
        }
        int vector = Target(table, field);
        int count = BinaryPrimitives.ReadInt32LittleEndian(table[vector..]);
        return count >= 0 && count <= (table.Length - vector - sizeof(int)) / elementBytes
            ? (count, vector + sizeof(int))
            : throw Refusal.At(path, at, FormattableString.Invariant($"a list of {count:N0} must lie within the {table.Length:N0} bytes of its message."));
    }

    // FlatBuffers: a field is found in a table's own table of places; 0 where it is not there. Tables and lists stand where an offset from its own place leads.
    public static int Field(ReadOnlySpan<byte> bytes, int table, int number)
    {
        int places = table - BinaryPrimitives.ReadInt32LittleEndian(bytes[table..]);
        int slot = 4 + (2 * number);
        int place = slot + 2 <= BinaryPrimitives.ReadUInt16LittleEndian(bytes[places..]) ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[(places + slot)..]) : 0;
        return place == 0 ? 0 : table + place;
    }

    public static int Target(ReadOnlySpan<byte> bytes, int at) => at + BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);

    private static int Int(FileStream file, long at) => BinaryPrimitives.ReadInt32LittleEndian(Bytes(file, at, sizeof(int)));

    private static byte[] Bytes(FileStream file, long at, int length)
    {
        byte[] bytes = new byte[length];
        file.Position = at;
        file.ReadExactly(bytes);
        return bytes;
    }
}
