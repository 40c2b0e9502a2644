using System.Globalization;

namespace HyperKernels.IO;

/// <summary>One thing that a data set knows of every example, such as its image or its label: kept as it was stored, made floats or integers when it is taken.</summary>
public sealed class DataColumn
{
    private readonly NumericArray _values;
    private readonly float _scale;

    private DataColumn(NumericArray values, ElementType type, float scale)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Shape.Length is 0 or > Shape.MaxRank || values.Shape.Any(static size => size > int.MaxValue))
        {
            Throw.Argument($"DataColumn: the first axis counts the examples; the array has axes [{string.Join(", ", values.Shape)}].");
        }
        _values = values;
        _scale = scale;
        ElementType = type;
        Count = (int)values.Shape[0];
        ExampleShape = new Shape([.. values.Shape.Skip(1).Select(static size => (int)size)]);
    }

    /// <summary>The number of examples.</summary>
    public int Count { get; }

    /// <summary>The axes of one example; empty for single numbers.</summary>
    public Shape ExampleShape { get; }

    /// <summary>What batches hold.</summary>
    public ElementType ElementType { get; }

    /// <summary>Values that batches hold as floats.</summary>
    /// <param name="values"><c>[examples, ...]</c>, of any type: bytes of images take a quarter of floats' memory.</param>
    /// <param name="scale">What each value is multiplied by: <c>1f / 255</c> for bytes.</param>
    /// <exception cref="ArgumentException">There is no axis of examples.</exception>
    public static DataColumn Floats(NumericArray values, float scale = 1) => new(values, ElementType.Float32, scale);

    /// <summary>Values that batches hold as floats. They are copied.</summary>
    /// <param name="values">Row-major.</param>
    /// <param name="shape"><c>[examples, ...]</c></param>
    /// <exception cref="ArgumentException">The values do not fill the shape.</exception>
    public static DataColumn Floats(float[] values, params ReadOnlySpan<long> shape) => Floats(NumericArray.From(values, shape));

    /// <summary>Values that batches hold as integers: labels, positions.</summary>
    /// <param name="values"><c>[examples, ...]</c>, of a type of whole numbers.</param>
    /// <exception cref="ArgumentException">There is no axis of examples, or the type has fractions.</exception>
    public static DataColumn Integers(NumericArray values) => values?.Type is StoredType.F16 or StoredType.BF16 or StoredType.F32 or StoredType.F64
        ? Throw.Argument<DataColumn>($"DataColumn.Integers: whole numbers are needed; the array is {values.Type}. Use Floats.")
        : new DataColumn(values!, ElementType.Int32, 1);

    /// <summary>One integer for each example. They are copied.</summary>
    /// <param name="values">One for each.</param>
    public static DataColumn Integers(params int[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Integers(NumericArray.From(values, values.Length));
    }

    /// <summary>Puts columns of the same kind end to end.</summary>
    /// <param name="parts">At least one; all of the same type and shape of an example.</param>
    /// <exception cref="ArgumentException">They differ.</exception>
    public static DataColumn Join(IReadOnlyList<DataColumn> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0)
        {
            Throw.Argument("DataColumn.Join: at least one column is needed.");
        }
        DataColumn first = parts[0];
        foreach (DataColumn part in Throw.IfAnyNull("DataColumn.Join", parts))
        {
            if (part._values.Type != first._values.Type || part.ExampleShape != first.ExampleShape || part.ElementType != first.ElementType || part._scale != first._scale)
            {
                Throw.Argument($"DataColumn.Join: all columns must be alike; there are {first} and {part}.");
            }
        }
        byte[] bytes = Size.Array<byte>(parts.Sum(static part => (long)part._values.Bytes.Length), "the number of bytes");
        int at = 0;
        foreach (DataColumn part in parts)
        {
            part._values.Bytes.CopyTo(bytes.AsSpan(at));
            at += part._values.Bytes.Length;
        }
        long examples = parts.Sum(static part => (long)part.Count);
        NumericArray joined = new(first._values.Type, first._values.Shape.SetItem(0, examples), bytes, new StoredOrigin("memory", 0, "the column"));
        return new DataColumn(joined, first.ElementType, first._scale);
    }

    /// <summary>What batches hold, and of how many examples.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Count} examples {ExampleShape} of {_values.Type}{(_scale == 1 ? "" : $", times {_scale}")}");

    /// <summary>Chosen examples as floats, in ordinary memory.</summary>
    internal float[] FloatsOf(ReadOnlySpan<int> rows)
    {
        int size = (int)ExampleShape.Count;
        int bytes = size * _values.Type.Size();
        CheckRows(rows);
        float[] values = Size.Array<float>((long)rows.Length * size, "the number of values", nameof(DataColumn));
        for (int i = 0; i < rows.Length; i++)
        {
            Span<float> to = values.AsSpan(i * size, size);
            StoredConvert.ToFloat32(_values.Type, _values.Bytes.Slice(rows[i] * bytes, bytes), to, Origin(rows[i]));
            if (_scale != 1)
            {
                System.Numerics.Tensors.TensorPrimitives.Multiply(to, _scale, to);
            }
        }
        return values;
    }

    /// <summary>Chosen examples as integers, in ordinary memory.</summary>
    internal int[] IntegersOf(ReadOnlySpan<int> rows)
    {
        int size = (int)ExampleShape.Count;
        int bytes = size * _values.Type.Size();
        CheckRows(rows);
        int[] values = Size.Array<int>((long)rows.Length * size, "the number of values", nameof(DataColumn));
        for (int i = 0; i < rows.Length; i++)
        {
            StoredConvert.ToInt32(_values.Type, _values.Bytes.Slice(rows[i] * bytes, bytes), values.AsSpan(i * size, size), Origin(rows[i]));
        }
        return values;
    }

    private void CheckRows(ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            if ((uint)row >= (uint)Count)
            {
                Throw.Argument($"DataColumn: there are examples 0 to {Count - 1}; example {row} was asked for.");
            }
        }
    }

    private static StoredOrigin Origin(int row) => new("memory", 0, $"example {row}");
}
