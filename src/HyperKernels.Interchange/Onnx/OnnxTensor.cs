using System.Runtime.InteropServices;

namespace HyperKernels.Interchange;

/// <summary>A constant of a model that is read: its axes, and its values as floats or, of whole numbers, as integers too.</summary>
internal sealed class OnnxTensor
{
    private OnnxTensor(string name, int[] sizes, float[] values, long[]? integers)
    {
        Name = name;
        Sizes = sizes;
        Values = values;
        Integers = integers;
    }

    public string Name { get; }

    public int[] Sizes { get; }

    public float[] Values { get; }

    /// <summary>The values where they are whole numbers: sizes and axes.</summary>
    public long[]? Integers { get; }

    public Shape Shape => new(Sizes);

    public static OnnxTensor Of(float[] values, int[] sizes) => new(string.Empty, sizes, values, null);

    public static OnnxTensor Of(long[] values, int[] sizes) => new(string.Empty, sizes, Array.ConvertAll(values, static value => (float)value), values);

    /// <summary>Reads a TensorProto.</summary>
    /// <exception cref="InvalidDataException">It is damaged, of a type that is not read, or its values stand in another file.</exception>
    public static OnnxTensor Read(ref ProtobufReader message)
    {
        List<long> dims = [];
        List<float> singles = [];
        List<double> doubles = [];
        List<long> integers = [];
        OnnxType type = OnnxType.Undefined;
        string name = string.Empty;
        ReadOnlySpan<byte> raw = default;
        bool isRaw = false;
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1: message.Integers(dims); break;
                case 2: type = (OnnxType)message.Integer(); break;
                case 4: message.Singles(singles); break;
                case 5 or 7 or 11: message.Integers(integers); break;
                case 8: name = message.Text(); break;
                case 9:
                    raw = message.Bytes();
                    isRaw = true;
                    break;
                case 10: message.Doubles(doubles); break;
                case 13: throw message.Bad($"tensor {OneLine.Quote(name)} has its values in another file; only models in one file are read. Save it with its data inside.");
                default: message.Skip(); break;
            }
        }
        (int[] sizes, long count) = Axes(ref message, name, dims);
        if (isRaw)
        {
            return FromRaw(ref message, name, type, sizes, count, raw);
        }
        return type switch
        {
            OnnxType.Float32 => new OnnxTensor(name, sizes, Checked(ref message, name, count, [.. singles]), null),
            OnnxType.Float64 => new OnnxTensor(name, sizes, Checked(ref message, name, count, [.. doubles.Select(static value => (float)value)]), null),
            OnnxType.Float16 => new OnnxTensor(
                name, sizes, Checked(ref message, name, count, [.. integers.Select(static bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits))]), null),
            OnnxType.Int64 or OnnxType.Int32 or OnnxType.Int16 or OnnxType.Int8 or OnnxType.UInt8 or OnnxType.UInt16 or OnnxType.UInt32 or OnnxType.Bool =>
                Whole(name, sizes, Checked(ref message, name, count, [.. integers])),
            _ => throw Unread(ref message, name, type),
        };
    }

    private static (int[] Sizes, long Count) Axes(ref ProtobufReader message, string name, List<long> dims)
    {
        if (dims.Count > Shape.MaxRank)
        {
            throw message.Bad($"tensor {OneLine.Quote(name)} may have at most {Shape.MaxRank} axes; it has {dims.Count}.");
        }
        long count = 1;
        foreach (long size in dims)
        {
            if (size is < 0 or > int.MaxValue || (count *= size) > Array.MaxLength)
            {
                throw message.Bad($"tensor {OneLine.Quote(name)} has axes [{string.Join(", ", dims)}]; tensors have at most {Array.MaxLength:N0} values here.");
            }
        }
        return ([.. dims.Select(static size => (int)size)], count);
    }

    private static T[] Checked<T>(ref ProtobufReader message, string name, long count, T[] values) => values.Length == count
        ? values
        : throw message.Bad($"tensor {OneLine.Quote(name)} must have {count:N0} values; it has {values.Length:N0}.");

    private static OnnxTensor FromRaw(ref ProtobufReader message, string name, OnnxType type, int[] sizes, long count, ReadOnlySpan<byte> raw)
    {
        int size = type switch
        {
            OnnxType.Float64 or OnnxType.Int64 => 8,
            OnnxType.Float32 or OnnxType.Int32 or OnnxType.UInt32 => 4,
            OnnxType.Float16 or OnnxType.BFloat16 or OnnxType.Int16 or OnnxType.UInt16 => 2,
            OnnxType.Int8 or OnnxType.UInt8 or OnnxType.Bool => 1,
            _ => throw Unread(ref message, name, type),
        };
        if (raw.Length != count * size)
        {
            throw message.Bad($"tensor {OneLine.Quote(name)} must have {count * size:N0} bytes for its {count:N0} values; it has {raw.Length:N0}.");
        }
        return type switch
        {
            OnnxType.Float32 => new OnnxTensor(name, sizes, MemoryMarshal.Cast<byte, float>(raw).ToArray(), null),
            OnnxType.Float64 => new OnnxTensor(name, sizes, Map<double, float>(raw, static value => (float)value), null),
            OnnxType.Float16 => new OnnxTensor(name, sizes, Map<Half, float>(raw, static value => (float)value), null),
            OnnxType.BFloat16 => new OnnxTensor(name, sizes, Map<ushort, float>(raw, static upper => BitConverter.UInt32BitsToSingle((uint)upper << 16)), null),
            OnnxType.Int64 => Whole(name, sizes, MemoryMarshal.Cast<byte, long>(raw).ToArray()),
            OnnxType.Int32 => Whole(name, sizes, Map<int, long>(raw, static value => value)),
            OnnxType.UInt32 => Whole(name, sizes, Map<uint, long>(raw, static value => value)),
            OnnxType.Int16 => Whole(name, sizes, Map<short, long>(raw, static value => value)),
            OnnxType.UInt16 => Whole(name, sizes, Map<ushort, long>(raw, static value => value)),
            OnnxType.Int8 => Whole(name, sizes, Map<sbyte, long>(raw, static value => value)),
            _ => Whole(name, sizes, Map<byte, long>(raw, static value => value)),
        };
    }

    private static OnnxTensor Whole(string name, int[] sizes, long[] values) => new(name, sizes, Array.ConvertAll(values, static value => (float)value), values);

    private static TTo[] Map<TFrom, TTo>(ReadOnlySpan<byte> raw, Func<TFrom, TTo> map)
        where TFrom : unmanaged
    {
        ReadOnlySpan<TFrom> source = MemoryMarshal.Cast<byte, TFrom>(raw);
        TTo[] values = new TTo[source.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = map(source[i]);
        }
        return values;
    }

    private static InvalidDataException Unread(ref ProtobufReader message, string name, OnnxType type) =>
        message.Bad($"tensor {OneLine.Quote(name)} has values of type {type}, which are not read; floats and whole numbers are.");
}
