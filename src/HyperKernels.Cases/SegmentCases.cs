namespace HyperKernels.Cases;

/// <summary>Gathers between nodes, hyperedges and memberships: the rows that sum.</summary>
public static class SegmentCases
{
    internal static readonly SegmentStructure Gaps = new(
        "twice", 7, 5, [2, 0, 5, 2, 1, 5, 0, 4, 2, 2, 1], [3, 0, 1, 3, 0, 1, 2, 0, 0, 1, 1]);

    internal static readonly SegmentStructure Medium = SegmentStructure.Random(37, 23, 151, 3);

    internal static readonly SegmentStructure Sorted = Medium.ByEdge("sorted");

    internal static readonly SegmentStructure Huge = SegmentStructure.Random(311, 60, 900, 5).WithHuge("huge", 4999);

    private static readonly SegmentStructure[] s_tiny =
    [
        new("", 0, 0, [], []), new("", 3, 2, [], []), new("", 1, 1, [0], [0]), new("", 2, 2, [1, 0, 1], [0, 1, 0]),
    ];

    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
    [
        .. s_tiny.SelectMany(structure => BothWays(structure, 3, weights: 1, scaled: true)),
        .. new[] { 1, 2, 5, 17 }.SelectMany(features => BothWays(Gaps, features, weights: 1, scaled: true)),
        .. BothWays(Gaps, 6, weights: 3, scaled: true),
        .. BothWays(Gaps, 4, weights: 0, scaled: true),
        .. BothWays(Medium, 1, weights: 1, scaled: false),
        .. BothWays(Medium, 67, weights: 0, scaled: false),
        .. BothWays(Sorted, 131, weights: 1, scaled: true),
        .. BothWays(Sorted, 40, weights: 5, scaled: false),
        .. BothWays(Huge, 3, weights: 1, scaled: true),
        .. BothWays(Huge, 33, weights: 0, scaled: false),
        .. BothWays(Huge, 6, weights: 2, scaled: true),
        // Heads that fill registers of every width, and rows that fill sixteen of the widest.
        .. new[] { (Gaps, true), (Sorted, false) }.SelectMany(row => BothWays(row.Item1, 64, weights: 4, row.Item2)),
        .. BothWays(Huge, 32, weights: 2, scaled: true),
        .. BothWays(Gaps, 277, weights: 1, scaled: false),
        .. new[] { s_tiny[1], Gaps, Sorted, Huge }.SelectMany(structure => Memberships(structure, structure == Gaps ? 5 : 2)),
        .. new[] { (s_tiny[0], 2), (s_tiny[1], 3), (Gaps, 1), (Gaps, 7), (Sorted, 67), (Medium, 16), (Huge, 5) }.Select(row => Dot(row.Item1, row.Item2, 0)),
        View(Gaps, 5),
        View(Sorted, 20),
        Dot(Gaps, 6, 3),
        Dot(Medium, 40, 4),
        Dot(Medium, 70, 70),
        Dot(Medium, 64, 8),
        Dot(Medium, 48, 12),
        Dot(Gaps, 528, 66),
    ];

    /// <summary>y[to] += factor * x[from] over the pairs, in plain loops.</summary>
    internal static Plain Sum(int count, int[] to, int[] from, Plain x, Func<int, int, double> factor)
    {
        Plain y = new(x.Shape.With(0, count));
        int features = (int)x.Shape.RowCount;
        for (int i = 0; i < to.Length; i++)
        {
            for (int f = 0; f < features; f++)
            {
                y.Values[((long)to[i] * features) + f] += factor(i, f) * x.Values[((long)from[i] * features) + f];
            }
        }
        return y;
    }

    private static IEnumerable<OpCase> BothWays(SegmentStructure structure, int features, int weights, bool scaled) =>
        [Weighted(structure, features, weights, scaled, Toward.Edges), Weighted(structure, features, weights, scaled, Toward.Nodes)];

    /// <param name="structure">The pairs.</param>
    /// <param name="features">F.</param>
    /// <param name="weights">0 for none, 1 for one per membership, else one per membership and head.</param>
    /// <param name="scaled">Whether both ends have scales.</param>
    /// <param name="toward">Which way.</param>
    private static OpCase Weighted(SegmentStructure structure, int features, int weights, bool scaled, Toward toward)
    {
        bool toEdges = toward == Toward.Edges;
        (int count, int[] to) = toEdges ? (structure.Edges, structure.EdgeIds) : (structure.Nodes, structure.NodeIds);
        (int sources, int[] from) = toEdges ? (structure.Nodes, structure.NodeIds) : (structure.Edges, structure.EdgeIds);
        int heads = Math.Max(1, weights);
        Shape rows = heads > 1 ? [sources, heads, features / heads] : [sources, features];
        List<CaseInput> inputs = [CaseInput.Normal("x", rows)];
        if (weights > 0)
        {
            inputs.Add(CaseInput.Normal("weights", heads > 1 ? [structure.Memberships, heads] : [structure.Memberships]));
        }
        if (scaled)
        {
            inputs.Add(CaseInput.Normal("inScale", [sources]));
            inputs.Add(CaseInput.Normal("outScale", [count]));
        }
        int scale = weights > 0 ? 2 : 1;
        return new OpCase
        {
            Op = toEdges ? "nodes_to_edges" : "edges_to_nodes",
            Sizes = $"{structure.Sizes} F={features}{(weights > 0 ? " weights" : "")}{(heads > 1 ? $" H={heads}" : "")}{(scaled ? " scales" : "")}",
            Inputs = inputs,
            Run = x =>
            {
                Incidence incidence = structure.On(x[0].Device);
                Tensor? weight = weights > 0 ? x[1] : null;
                Tensor? inScale = scaled ? x[scale] : null;
                Tensor? outScale = scaled ? x[scale + 1] : null;
                return toEdges
                    ? Ops.NodesToEdges(x[0], incidence, weight, inScale, outScale)
                    : Ops.EdgesToNodes(x[0], incidence, weight, inScale, outScale);
            },
            Oracle = x => Sum(count, to, from, x[0], (i, f) =>
                (weights > 0 ? x[1].Values[(i * heads) + (f / (features / heads))] : 1) * (scaled ? x[scale][from[i]] * x[scale + 1][to[i]] : 1)),
            SumsProducts = true,
            TwiceDifferentiable = structure.Memberships < 20,
            Flops = 2.0 * structure.Memberships * features,
            // Every row that takes part is read once, every row of the result written once, an index per membership read.
            Bytes = 4.0 * (((double)features * (sources + count)) + ((1 + weights) * structure.Memberships)),
            Benchmark = structure == Huge,
        };
    }

    /// <summary>Columns 2 to F + 2 of a wider tensor, and one column of another as weights: rows with gaps between them.</summary>
    private static OpCase View(SegmentStructure structure, int features) => new()
    {
        Op = "nodes_to_edges",
        Sizes = $"{structure.Sizes} F={features} views",
        Inputs = [CaseInput.Normal("x", [structure.Nodes, features + 3]), CaseInput.Normal("weights", [structure.Memberships, 3])],
        Run = x => Ops.NodesToEdges(Ops.Slice(x[0], 1, 2, features), structure.On(x[0].Device), Ops.Reshape(Ops.Slice(x[1], 1, 1, 1), structure.Memberships)),
        Oracle = x =>
        {
            Plain part = new(structure.Nodes, features);
            for (int i = 0; i < part.Values.Length; i++)
            {
                part.Values[i] = x[0][i / features, (i % features) + 2];
            }
            return Sum(structure.Edges, structure.EdgeIds, structure.NodeIds, part, (i, _) => x[1][i, 1]);
        },
        SumsProducts = true,
        TwiceDifferentiable = structure.Memberships < 20,
        Flops = 2.0 * structure.Memberships * features,
        Bytes = 4.0 * ((features * (double)(structure.Nodes + structure.Edges)) + (2 * structure.Memberships)),
    };

    private static IEnumerable<OpCase> Memberships(SegmentStructure structure, int features)
    {
        int[] each = [.. Enumerable.Range(0, structure.Memberships)];
        foreach (bool nodes in new[] { true, false })
        {
            (int sources, int[] from) = nodes ? (structure.Nodes, structure.NodeIds) : (structure.Edges, structure.EdgeIds);
            yield return new OpCase
            {
                Op = nodes ? "nodes_to_memberships" : "edges_to_memberships",
                Sizes = $"{structure.Sizes} F={features}",
                Inputs = [CaseInput.Normal("x", [sources, features])],
                Run = x => nodes ? Ops.NodesToMemberships(x[0], structure.On(x[0].Device)) : Ops.EdgesToMemberships(x[0], structure.On(x[0].Device)),
                Oracle = x => Sum(structure.Memberships, each, from, x[0], (_, _) => 1),
                TwiceDifferentiable = structure.Memberships < 20,
                Bytes = 4.0 * ((features * (double)(sources + structure.Memberships)) + structure.Memberships),
            };
        }
    }

    private static OpCase Dot(SegmentStructure structure, int features, int heads) => new()
    {
        Op = "sampled_dot",
        Sizes = $"{structure.Sizes} F={features}{(heads > 0 ? $" H={heads}" : "")}",
        Inputs =
        [
            CaseInput.Normal("x", heads > 0 ? [structure.Nodes, heads, features / heads] : [structure.Nodes, features]),
            CaseInput.Normal("z", heads > 0 ? [structure.Edges, heads, features / heads] : [structure.Edges, features]),
        ],
        Run = x => Ops.SampledDot(x[0], x[1], structure.On(x[0].Device), perHead: heads > 0),
        Oracle = x =>
        {
            int columns = Math.Max(1, heads);
            Plain y = new(heads > 0 ? [structure.Memberships, heads] : new Shape(structure.Memberships));
            for (int i = 0; i < structure.Memberships; i++)
            {
                for (int f = 0; f < features; f++)
                {
                    y.Values[(i * columns) + (f / (features / columns))] +=
                        x[0].Values[(structure.NodeIds[i] * features) + f] * x[1].Values[(structure.EdgeIds[i] * features) + f];
                }
            }
            return y;
        },
        SumsProducts = true,
        TwiceDifferentiable = structure.Memberships < 20,
        Flops = 2.0 * structure.Memberships * features,
        Bytes = 4.0 * ((features * (double)(structure.Nodes + structure.Edges)) + (3 * structure.Memberships)),
    };
}
