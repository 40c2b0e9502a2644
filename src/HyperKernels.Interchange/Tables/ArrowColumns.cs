using Apache.Arrow;
using Apache.Arrow.Types;
using HyperKernels.IO;

namespace HyperKernels.Interchange;

/// <summary>Columns of Arrow as columns here, and back.</summary>
internal static class ArrowColumns
{
    public static void AddTo(TensorTable table, string path, Field field, IReadOnlyList<IArrowArray> parts)
    {
        foreach (IArrowArray part in parts)
        {
            ArrowChecks.Check(path, field.Name, part.Data);
        }
        if (field.DataType is StringType or LargeStringType || field.DataType is DictionaryType { ValueType: StringType })
        {
            table.Add(field.Name, [.. parts.SelectMany(Texts)]);
            return;
        }
        if (field.DataType is FixedSizeListType list)
        {
            NumericArray flat = Numbers(path, field.Name, list.ValueDataType, [.. parts.Select(part => Values(path, field.Name, (FixedSizeListArray)part))]);
            table.Add(field.Name, Reshaped(flat, parts.Sum(static part => part.Length), list.ListSize));
            return;
        }
        table.Add(field.Name, Numbers(path, field.Name, field.DataType, parts));
    }

    public static IArrowArray Of(TensorTable table, string name)
    {
        if (table.IsText(name))
        {
            StringArray.Builder texts = new();
            foreach (string? text in table.Texts(name))
            {
                texts = text is null ? texts.AppendNull() : texts.Append(text);
            }
            return texts.Build();
        }
        NumericArray numbers = table[name];
        IArrowArray values = OfNumbers(name, numbers);
        if (numbers.Shape.Length == 1)
        {
            return values;
        }
        FixedSizeListType type = new(new Field("item", values.Data.DataType, nullable: true), (int)numbers.Shape[1]);
        return new FixedSizeListArray(new ArrayData(type, (int)numbers.Shape[0], 0, 0, [ArrowBuffer.Empty], [values.Data]));
    }

    private static IArrowArray OfNumbers(string name, NumericArray numbers)
    {
        if (numbers.Type == StoredType.Bool)
        {
            return new BooleanArray.Builder().AppendRange(numbers.ToInt32().Select(static flag => flag != 0)).Build();
        }
        IArrowType type = numbers.Type switch
        {
            StoredType.U8 => UInt8Type.Default,
            StoredType.I8 => Int8Type.Default,
            StoredType.I16 => Int16Type.Default,
            StoredType.U16 => UInt16Type.Default,
            StoredType.F16 => HalfFloatType.Default,
            StoredType.I32 => Int32Type.Default,
            StoredType.U32 => UInt32Type.Default,
            StoredType.F32 => FloatType.Default,
            StoredType.F64 => DoubleType.Default,
            StoredType.I64 => Int64Type.Default,
            StoredType.U64 => UInt64Type.Default,
            _ => throw new ArgumentException($"ArrowTable.Write: column \"{name}\" is {numbers.Type}, which Arrow does not have; convert it."),
        };
        return ArrowArrayFactory.BuildArray(new ArrayData(type, numbers.Length, 0, 0, [ArrowBuffer.Empty, new ArrowBuffer(numbers.Bytes.ToArray())]));
    }

    private static IEnumerable<string?> Texts(IArrowArray array) => array switch
    {
        StringArray texts => Enumerable.Range(0, texts.Length).Select(i => texts.GetString(i)),
        LargeStringArray texts => Enumerable.Range(0, texts.Length).Select(i => texts.GetString(i)),
        DictionaryArray coded => Coded(coded),
        _ => throw new InvalidDataException($"texts are stored as {array.GetType().Name}"),
    };

    private static IEnumerable<string?> Coded(DictionaryArray coded)
    {
        string?[] words = [.. Texts(coded.Dictionary)];
        NumericArray codes = Numbers(string.Empty, "codes", coded.Indices.Data.DataType, [coded.Indices]);
        return codes.ToFloat64().Select(code => double.IsNaN(code) ? null : words[(int)code]);
    }

    // The values of whole lists; one that is missing has no place in a tensor.
    private static IArrowArray Values(string path, string name, FixedSizeListArray lists)
    {
        if (lists.NullCount > 0)
        {
            throw Refusal.At(path, 0, $"column {OneLine.Quote(name)} has lists that are missing; lists of numbers are read where all are there.");
        }
        int size = ((FixedSizeListType)lists.Data.DataType).ListSize;
        return ArrowArrayFactory.Slice(lists.Values, lists.Offset * size, lists.Length * size);
    }

    private static NumericArray Numbers(string path, string name, IArrowType type, IReadOnlyList<IArrowArray> parts) => type switch
    {
        FloatType => Primitive<float>(parts),
        DoubleType => Primitive<double>(parts),
        HalfFloatType => Primitive<Half>(parts),
        Int8Type => Primitive<sbyte>(parts),
        Int16Type => Primitive<short>(parts),
        Int32Type => Primitive<int>(parts),
        Int64Type => Primitive<long>(parts),
        UInt8Type => Primitive<byte>(parts),
        UInt16Type => Primitive<ushort>(parts),
        UInt32Type => Primitive<uint>(parts),
        UInt64Type => Primitive<ulong>(parts),
        BooleanType => NullableNumbers.ToArray([.. parts.SelectMany(static part => Enumerable.Range(0, part.Length).Select(((BooleanArray)part).GetValue))]),
        _ => throw Refusal.At(path, 0, $"column {OneLine.Quote(name)} is of type {type.Name}; numbers, flags, texts and lists of numbers of one length are read."),
    };

    private static NumericArray Primitive<T>(IReadOnlyList<IArrowArray> parts)
        where T : unmanaged, System.Numerics.INumber<T>, IEquatable<T>
    {
        T?[] values = new T?[parts.Sum(static part => part.Length)];
        int at = 0;
        foreach (IArrowArray part in parts)
        {
            PrimitiveArray<T> array = (PrimitiveArray<T>)part;
            for (int i = 0; i < array.Length; i++)
            {
                values[at++] = array.GetValue(i);
            }
        }
        return NullableNumbers.ToArray(values);
    }

    private static NumericArray Reshaped(NumericArray flat, long rows, long width) => flat.Type switch
    {
        StoredType.F32 => NumericArray.From(flat.ToFloat32(), rows, width),
        StoredType.F64 or StoredType.F16 => NumericArray.From(flat.ToFloat64(), rows, width),
        _ => NumericArray.From(flat.ToInt64(), rows, width),
    };
}
