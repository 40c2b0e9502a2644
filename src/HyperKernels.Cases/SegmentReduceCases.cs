namespace HyperKernels.Cases;

/// <summary>Reductions of rows that belong to memberships: sum, mean, max, min and softmax inside segments.</summary>
public static class SegmentReduceCases
{
    private static readonly SegmentStructure s_empty = new("", 3, 2, [], []);
    private static readonly SegmentStructure s_one = new("", 1, 1, [0], [0]);

    // Segments of every length from none to some six.
    private static readonly SegmentStructure s_short = SegmentStructure.Random(400, 300, 700, 4);

    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
        from toward in new[] { Toward.Edges, Toward.Nodes }
        from row in Rows(toward)
        select row;

    private static IEnumerable<OpCase> Rows(Toward toward)
    {
        (SegmentStructure Structure, Shape Columns)[] sizes =
        [
            (s_empty, [3]), (s_one, [1]), (SegmentCases.Gaps, []), (SegmentCases.Gaps, [3]), (SegmentCases.Gaps, [2, 2]), (SegmentCases.Medium, [67]),
            (SegmentCases.Sorted, [8]), (SegmentCases.Huge, [2]),
        ];
        foreach ((SegmentStructure structure, Shape columns) in sizes)
        {
            yield return Reduction("segment_sum", Ops.SegmentSum, structure, toward, columns, rows => rows.Sum());
            yield return Reduction("segment_mean", Ops.SegmentMean, structure, toward, columns, rows => rows.Average());
            yield return Reduction("segment_max", Ops.SegmentMax, structure, toward, columns, rows => rows.Max());
            yield return Reduction("segment_min", Ops.SegmentMin, structure, toward, columns, rows => rows.Min());
            yield return Softmax(structure, toward, columns, 1);
        }
        yield return Softmax(SegmentCases.Medium, toward, [3], 40);
        // Rows that are one register.
        yield return Softmax(SegmentCases.Medium, toward, [4], 1);
        yield return Softmax(SegmentCases.Medium, toward, [8], 40);
        yield return Softmax(s_short, toward, [4], 1);
        yield return Softmax(s_short, toward, [8], 1);
        yield return Softmax(SegmentCases.Huge, toward, [8], 1);
    }

    private static OpCase Reduction(
        string op, Func<Tensor, Incidence, Toward, Tensor> run, SegmentStructure structure, Toward toward, Shape columns, Func<List<double>, double> reduce)
    {
        Shape shape = columns.Insert(0, structure.Memberships);
        return new OpCase
        {
            Op = op,
            Sizes = $"{structure.Sizes} {columns} by {(toward == Toward.Edges ? "edge" : "node")}",
            Inputs = [CaseInput.Normal("values", shape)],
            Run = x => run(x[0], structure.On(x[0].Device), toward),
            Oracle = x =>
            {
                int width = (int)columns.Count;
                Plain y = new(shape.With(0, Segments(structure, toward).Count));
                foreach ((int segment, List<int> members) in Members(structure, toward))
                {
                    for (int c = 0; c < width; c++)
                    {
                        y.Values[(segment * width) + c] = reduce([.. members.Select(i => x[0].Values[(i * width) + c])]);
                    }
                }
                return y;
            },
            SumsProducts = op is "segment_sum" or "segment_mean",
            TwiceDifferentiable = structure.Memberships < 20,
            Flops = shape.Count,
            Bytes = 4.0 * (shape.Count + (columns.Count * Segments(structure, toward).Count)),
        };
    }

    private static OpCase Softmax(SegmentStructure structure, Toward toward, Shape columns, double scale)
    {
        Shape shape = columns.Insert(0, structure.Memberships);
        return new OpCase
        {
            Op = "segment_softmax",
            Sizes = $"{structure.Sizes} {columns} by {(toward == Toward.Edges ? "edge" : "node")}{(scale > 1 ? " wide" : "")}",
            Inputs = [CaseInput.Normal("scores", shape, scale)],
            Run = x => Ops.SegmentSoftmax(x[0], structure.On(x[0].Device), toward),
            Oracle = x => Softmax(x[0], terms: false),
            Terms = x => Softmax(x[0], terms: true),
            TwiceDifferentiable = structure.Memberships < 20,
            Flops = 4.0 * shape.Count,
            Bytes = 8.0 * shape.Count,
        };

        Plain Softmax(Plain x, bool terms)
        {
            int width = (int)columns.Count;
            Plain y = new(shape);
            foreach ((_, List<int> members) in Members(structure, toward))
            {
                for (int c = 0; c < width; c++)
                {
                    double largest = members.Max(i => x.Values[(i * width) + c]);
                    double sum = members.Sum(i => Math.Exp(x.Values[(i * width) + c] - largest));
                    foreach (int i in members)
                    {
                        double below = x.Values[(i * width) + c] - largest;
                        // The exponent is rounded, too.
                        y.Values[(i * width) + c] = Math.Exp(below) / sum * (terms ? 1 - below : 1);
                    }
                }
            }
            return y;
        }
    }

    private static (int Count, int[] Of) Segments(SegmentStructure structure, Toward toward) =>
        toward == Toward.Edges ? (structure.Edges, structure.EdgeIds) : (structure.Nodes, structure.NodeIds);

    private static Dictionary<int, List<int>> Members(SegmentStructure structure, Toward toward)
    {
        Dictionary<int, List<int>> members = [];
        int[] of = Segments(structure, toward).Of;
        for (int i = 0; i < of.Length; i++)
        {
            if (!members.TryGetValue(of[i], out List<int>? list))
            {
                members.Add(of[i], list = []);
            }
            list.Add(i);
        }
        return members;
    }
}
