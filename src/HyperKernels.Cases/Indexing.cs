namespace HyperKernels.Cases;

/// <summary>Plain index arithmetic for oracles: one element at a time, no cleverness.</summary>
internal static class Indexing
{
    /// <summary>The shape that two shapes broadcast to.</summary>
    public static Shape Broadcast(Shape a, Shape b)
    {
        int rank = Math.Max(a.Rank, b.Rank);
        int[] sizes = new int[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            int sizeA = axis < rank - a.Rank ? 1 : a[axis - (rank - a.Rank)];
            int sizeB = axis < rank - b.Rank ? 1 : b[axis - (rank - b.Rank)];
            sizes[axis] = sizeA == 1 ? sizeB : sizeA;
        }
        return new Shape(sizes);
    }

    /// <summary>The position of an element along every axis.</summary>
    public static int[] Position(Shape shape, int flat)
    {
        int[] position = new int[shape.Rank];
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            position[axis] = flat % shape[axis];
            flat /= shape[axis];
        }
        return position;
    }

    /// <summary>The element number of a position.</summary>
    public static int Flat(Shape shape, ReadOnlySpan<int> position)
    {
        int flat = 0;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            flat = (flat * shape[axis]) + position[axis];
        }
        return flat;
    }

    /// <summary>For each element of a broadcast result the element of an operand that stands there; worked out once for all runs of an oracle.</summary>
    public static Lazy<int[]> Sources(Shape operand, Shape result) => new(() =>
    {
        int[] sources = new int[result.Count];
        for (int i = 0; i < sources.Length; i++)
        {
            int[] position = Position(result, i)[(result.Rank - operand.Rank)..];
            for (int axis = 0; axis < position.Length; axis++)
            {
                position[axis] = operand[axis] == 1 ? 0 : position[axis];
            }
            sources[i] = Flat(operand, position);
        }
        return sources;
    });

    /// <summary>An array made element by element.</summary>
    public static Plain Map(Shape shape, Func<int, double> element)
    {
        Plain result = new(shape);
        for (int i = 0; i < result.Values.Length; i++)
        {
            result.Values[i] = element(i);
        }
        return result;
    }
}
