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
            // Scales of features and of whole tables, one set, a set for each sample and for each pair of samples.
            foreach ((int sets, int scales, Shape indices) in ((int, int, Shape)[])[(1, 4, [3]), (3, 4, [3, 2]), (2, 4, [4, 3]), (2, 1, [4])])
            {
                const int Vectors = 5, Features = 4;
                yield return new OpCase
                {
                    Op = "embedding_weight",
                    Sizes = $"C={sets} V={Vectors} F={Features} S={scales} B={indices}",
                    Inputs =
                    [
                        CaseInput.Normal("table", [Vectors, Features]), CaseInput.Normal("scale", [sets, 1, scales]), CaseInput.Normal("baseWeight", [Vectors, Features]),
                        CaseInput.Ints("indices", indices, Vectors),
                    ],
                    Run = x => Ops.Embedding(Weight.Scaled(x[0], x[1], x[2]), x[3]),
                    Oracle = x => PlainOps.Embedding(x[3], Tables(x[0], x[1], x[2])),
                    TwiceDifferentiable = true,
                };
            }
        }
    }

    private static Plain Tables(Plain table, Plain scale, Plain baseWeight)
    {
        (int sets, int scales, int size) = (scale.Shape[0], scale.Shape[2], table.Values.Length);
        double[] values = [.. Enumerable.Range(0, sets * size).Select(at =>
            baseWeight.Values[at % size] + (scale.Values[(at / size * scales) + (at % table.Shape[1] % scales)] * table.Values[at % size]))];
        return new Plain(table.Shape.Insert(0, sets), values);
    }
}
