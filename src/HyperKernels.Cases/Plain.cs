namespace HyperKernels.Cases;

/// <summary>An array of doubles with a shape: what oracles compute with. Integers are held exactly.</summary>
public sealed class Plain
{
    /// <summary>Makes an array of zeros.</summary>
    public Plain(params ReadOnlySpan<int> shape)
        : this(new Shape(shape))
    {
    }

    /// <summary>Makes an array of zeros.</summary>
    public Plain(Shape shape)
    {
        Shape = shape;
        Values = new double[shape.Count];
    }

    /// <summary>Makes an array over values.</summary>
    public Plain(Shape shape, double[] values)
    {
        if (values.Length != shape.Count)
        {
            throw new ArgumentException($"Plain: {shape} needs {shape.Count} values; got {values.Length}.");
        }
        Shape = shape;
        Values = values;
    }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>The values, row-major.</summary>
    public double[] Values { get; }

    /// <summary>One element of a vector.</summary>
    public ref double this[int i] => ref Values[i];

    /// <summary>One element of a matrix.</summary>
    public ref double this[int i, int j] => ref Values[((long)i * Shape[1]) + j];

    /// <summary>One element of an array with three axes.</summary>
    public ref double this[int i, int j, int k] => ref Values[((((long)i * Shape[1]) + j) * Shape[2]) + k];

    /// <summary>One element of an array with four axes.</summary>
    public ref double this[int i, int j, int k, int l] => ref Values[((((((long)i * Shape[1]) + j) * Shape[2]) + k) * Shape[3]) + l];

    /// <summary>An element as the integer it is.</summary>
    public int Int(int i) => (int)Values[i];

    /// <summary>The same values under another shape.</summary>
    public Plain Reshape(Shape shape) => new(shape, Values);

    /// <summary>A copy of one of some equal blocks along the first axis.</summary>
    public Plain Block(int block, int blocks)
    {
        int rows = Shape[0] / blocks;
        int count = Values.Length / blocks;
        return new Plain(Shape.With(0, rows), Values.AsSpan(block * count, count).ToArray());
    }

    /// <summary>Columns of a matrix from one on, as many as each row of a shape holds.</summary>
    public Plain Columns(int first, Shape shape)
    {
        int count = (int)shape.RowCount;
        return Indexing.Map(shape, i => this[i / count, first + (i % count)]);
    }

    /// <summary>Arrays one after the other along the first axis.</summary>
    public static Plain Concatenate(params ReadOnlySpan<Plain> parts)
    {
        int rows = 0;
        List<double> values = [];
        foreach (Plain part in parts)
        {
            rows += part.Shape[0];
            values.AddRange(part.Values);
        }
        return new Plain(parts[0].Shape.With(0, rows), [.. values]);
    }

    /// <summary>The values as floats.</summary>
    public float[] ToFloats() => Array.ConvertAll(Values, v => (float)v);

    /// <summary>A copy that can be changed.</summary>
    public Plain Clone() => new(Shape, (double[])Values.Clone());

    /// <summary>A new array with a function applied to every element.</summary>
    public Plain Map(Func<double, double> function) => new(Shape, Array.ConvertAll(Values, v => function(v)));
}
