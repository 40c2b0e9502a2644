namespace HyperKernels.Interchange;

/// <summary>
/// Goes through the fields that a schema lists, before a library does. What stands in a FlatBuffer is found by its distance, so that several lists may lead to one place: ten
/// fields, each a list of the next twice, are a thousand to a reader. A schema is refused when it is more to read than its bytes some times over, or nests too deep.
/// Source: arrow.apache.org, "Schema.fbs".
/// </summary>
/// <param name="path">For messages.</param>
/// <param name="at">Where the bytes begin in the file, for messages.</param>
/// <param name="bytes">What the schema lies in: a message, or the footer.</param>
internal ref struct ArrowSchema(string path, long at, ReadOnlySpan<byte> bytes)
{
    // Nobody's schema shares anything but equal texts.
    private const int MostRounds = 16;
    private const int Deepest = 64;

    private const int OffsetBytes = 4;
    private const int Union = 14;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private long _left = (long)MostRounds * bytes.Length;

    /// <summary>Checks the schema whose table stands at a place.</summary>
    /// <exception cref="InvalidDataException">It is too much or too deep; the message names the byte.</exception>
    public void Check(int schema)
    {
        Fields(ArrowMessages.Field(_bytes, schema, 1), Deepest);
        Pairs(ArrowMessages.Field(_bytes, schema, 2));
    }

    private void Fields(int list, int depth)
    {
        if (list != 0 && depth == 0)
        {
            throw Refusal.At(path, at, $"a schema's types may be nested {Deepest} deep.");
        }
        (int count, int first) = List(list, OffsetBytes);
        for (int i = 0; i < count; i++)
        {
            int field = Table(first + (i * OffsetBytes));
            Text(ArrowMessages.Field(_bytes, field, 0));
            TypeNumbers(field);
            Fields(ArrowMessages.Field(_bytes, field, 5), depth - 1);
            Pairs(ArrowMessages.Field(_bytes, field, 6));
        }
    }

    // Of a union's members.
    private void TypeNumbers(int field)
    {
        int kind = ArrowMessages.Field(_bytes, field, 2);
        int type = ArrowMessages.Field(_bytes, field, 3);
        if (kind != 0 && type != 0 && _bytes[kind] == Union)
        {
            List(ArrowMessages.Field(_bytes, Table(type), 1), sizeof(int));
        }
    }

    private void Pairs(int list)
    {
        (int count, int first) = List(list, OffsetBytes);
        for (int i = 0; i < count; i++)
        {
            int pair = Table(first + (i * OffsetBytes));
            Text(ArrowMessages.Field(_bytes, pair, 0));
            Text(ArrowMessages.Field(_bytes, pair, 1));
        }
    }

    private void Text(int text) => List(text, 1);

    private (int Count, int First) List(int list, int elementBytes)
    {
        (int Count, int First) found = ArrowMessages.CheckVector(path, at, _bytes, list, elementBytes);
        Spend((long)found.Count * elementBytes);
        return found;
    }

    private int Table(int place)
    {
        Spend(OffsetBytes);
        return ArrowMessages.Target(_bytes, place);
    }

    private void Spend(long read)
    {
        _left -= read;
        if (_left < 0)
        {
            throw Refusal.At(path, at, $"a schema must be read through in {MostRounds} times its bytes; its lists lead to the same places over and over.");
        }
    }
}
