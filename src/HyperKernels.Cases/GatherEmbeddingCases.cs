namespace HyperKernels.Cases;

/// <summary>Table look-ups: one table, or one for each group of samples.</summary>
public static class GatherEmbeddingCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All
    {
        get
        {
            // Tables (0: one, without an axis), vectors, features, indices.
            (int Tables, int Vectors, int Features, Shape Indices)[] sizes =
            [
                (0, 1, 1, [1]), (0, 5, 3, [7]), (0, 5, 3, [2, 4]), (0, 3, 2, [0]), (0, 67, 33, [50]), (3, 5, 4, [3]), (2, 5, 4, [6]), (2, 4, 3, [4, 3]), (4, 2, 17, [4, 9]),
                (1, 6, 1, [3, 2]),
            ];
            foreach ((int tables, int vectors, int features, Shape indices) in sizes)
            {
                yield return new OpCase
                {
                    Op = "embedding",
                    Sizes = $"C={tables} V={vectors} F={features} B={indices}",
                    Inputs = [CaseInput.Normal("table", tables == 0 ? [vectors, features] : [tables, vectors, features]), CaseInput.Ints("indices", indices, vectors)],
                    Run = x => Ops.Embedding(x[0], x[1]),
                    Oracle = x => PlainOps.Embedding(x[1], x[0]),
                    TwiceDifferentiable = indices.Count is > 0 and < 40,
                    Bytes = 8.0 * indices.Count * features,
                };
            }
        }
    }
}
