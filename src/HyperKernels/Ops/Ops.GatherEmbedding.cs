namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Looks vectors up in a table: <c>y[..., :] = table[indices[...], :]</c>.</summary>
    /// <param name="table">
    /// <c>[V, F]</c>, or <c>[C, V, F]</c> with C dividing <c>indices.Shape[0]</c>: one table for each sample or group of consecutive samples.
    /// </param>
    /// <param name="indices">Integers from 0 to below V, <c>[B, ...]</c>.</param>
    /// <returns><c>[B, ..., F]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, indices are not integers, or one of them is out of range.</exception>
    /// <remarks>Differentiable in table, any number of times; sums run in an order that the indices alone decide: reruns on the same device give the same bits.</remarks>
    public static Tensor Embedding(Tensor table, Tensor indices)
    {
        CheckFloat("Embedding", table);
        Shape shape = table.Shape;
        Shape at = indices.Shape;
        if (shape.Rank is not (2 or 3) || indices.ElementType != ElementType.Int32)
        {
            Throw.Argument($"Embedding: table must be [V, F] or [C, V, F] and indices int32; table is {shape}, indices is {indices.Description}.");
        }
        CheckIndices("Embedding", table, indices, shape[-2]);
        if (shape.Rank == 2)
        {
            return GatherRows(table, indices);
        }
        if (at.Rank == 0 || shape[0] == 0 || at[0] % shape[0] != 0)
        {
            Throw.Argument($"Embedding: the {shape[0]} tables of {shape} must divide the first axis of indices {at}.");
        }
        return GatherFromTables(table, Dense(indices));
    }

    /// <summary>Looks vectors up in a table that need not exist in memory, as <see cref="Embedding(Tensor, Tensor)"/>.</summary>
    /// <param name="table">
    /// <c>[V, F]</c>, or C sets of it with C dividing <c>indices.Shape[0]</c>. Factors over the F features alone are applied to what was looked up;
    /// other weights are written out.
    /// </param>
    /// <param name="indices">Integers from 0 to below V, <c>[B, ...]</c>.</param>
    /// <returns><c>[B, ..., F]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, indices are not integers, or one of them is out of range.</exception>
    /// <remarks>Differentiable in every part of the table, any number of times.</remarks>
    public static Tensor Embedding(Weight table, Tensor indices)
    {
        bool scalesFeatures = table.Kind is WeightKind.Modulated or WeightKind.Scaled && table.Shape.Rank == 2 && table.Second.Shape[-2] == 1;
        // One table is no larger than its parts.
        if (!scalesFeatures || table.IsDemodulated || table.Sets == 0 || table.Plan == GeneratePlan.Materialise)
        {
            return Embedding(table.Materialize(), indices);
        }
        if (indices.Rank == 0 || indices.Shape[0] % table.Sets != 0)
        {
            Throw.Argument($"Embedding: the {table.Sets} tables of {table} must divide the first axis of indices {indices.Shape}.");
        }
        Tensor found = ScaleFeatures(Embedding(table.First, indices), SideFactor(table));
        return table.HasBase ? Add(found, Embedding(table.ShapedBase(), indices)) : found;
    }

    private static Tensor GatherFromTables(Tensor table, Tensor indices)
    {
        Shape shape = table.Shape;
        Tensor y = New(table, indices.Shape.Insert(indices.Rank, shape[2]));
        int each = Size.Of(indices.Count / shape[0]);
        for (int set = 0; set < shape[0] && y.Count > 0; set++)
        {
            long from = (long)set * each;
            table.Device.Backend.GatherRows(
                table.Ref.Skip(set * table.RowStride), shape[2], indices.Ref.Skip(from), each, shape[2], y.Ref.Skip(from * shape[2]));
        }
        return Record(y, [table, indices], (indices, shape), static (g, s) => g[0] = AddIntoTables(g.Output, s.indices, s.shape));
    }

    /// <summary>The transpose of <see cref="GatherFromTables"/>, and it of this: each is the other's gradient.</summary>
    private static Tensor AddIntoTables(Tensor values, Tensor indices, Shape shape)
    {
        Tensor dense = Dense(values);
        Tensor y = New(values, shape);
        int each = Size.Of(indices.Count / shape[0]);
        for (int set = 0; set < shape[0] && y.Count > 0; set++)
        {
            long from = (long)set * each;
            values.Device.Backend.ScatterAddRows(
                dense.Ref.Skip(from * shape[2]), indices.Ref.Skip(from), each, shape[2], shape[1], y.Ref.Skip(set * shape.RowCount));
        }
        return Record(y, [values, indices], indices, static (g, s) => g[0] = GatherFromTables(g.Output, s));
    }
}
