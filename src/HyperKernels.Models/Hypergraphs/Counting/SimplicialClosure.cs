namespace HyperKernels.Models;

/// <summary>
/// Triangles of a set of simplices: closed where one simplex holds all three nodes, open where only pairs meet; and scores by which open ones that will close are
/// told from others. The weight of a pair is the number of simplices that hold both, repeated ones counted each.
/// </summary>
/// <remarks>
/// Counted on the host. What is learned from triangles whose outcome is known is <see cref="ClosureRegression"/>; the paper's PageRank among pairs (simplicial PageRank) is
/// not here. Source: Benson, Abebe, Schaub, Jadbabaie, Kleinberg, Simplicial Closure and Higher-Order Link Prediction, PNAS 2018 (arXiv 1802.06916).
/// </remarks>
public sealed class SimplicialClosure
{
    /// <summary>Simplices of more nodes are left out, as in the paper.</summary>
    public const int PublishedLargest = 25;

    private readonly int[] _simplices;

    private SimplicialClosure(WeightedGraph graph, IReadOnlyList<ProjectedTriangle> triangles, int[] simplices) =>
        (Graph, Triangles, _simplices) = (graph, triangles, simplices);

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "simplicial-closure",
        Title = "Simplicial closure and higher-order link prediction",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Benson, Abebe, Schaub, Jadbabaie, Kleinberg", "Simplicial Closure and Higher-Order Link Prediction", "PNAS", 2018)
        {
            Arxiv = "1802.06916",
            Doi = "10.1073/pnas.1800683115",
        },
        Equation = "W = H H^T; score(u, v, w) = ((W_uv^p + W_uw^p + W_vw^p) / 3)^(1/p) and counts of common neighbours",
        Source = "methods, and the authors' code, arbenson/ScHoLP-Tutorial",
        Layers = [typeof(SimplicialClosure), typeof(ClosureRegression)],
        HypergraphDesign = new(
            HypergraphStructure.Clique, HypergraphMessages.None, HypergraphAggregation.None, HypergraphTargets.Edges, HypergraphTraining.None,
            HypergraphFeatures.Structural),
        Cases = ["simplicial_closure"],
        Recipe = "enron-closure",
    };

    /// <summary>The projected graph with the pairs' weights.</summary>
    public WeightedGraph Graph { get; }

    /// <summary>All triangles, in the order of their first nodes, then of their second and third.</summary>
    public IReadOnlyList<ProjectedTriangle> Triangles { get; }

    /// <summary>How many simplices hold a node.</summary>
    /// <param name="node">From 0.</param>
    /// <exception cref="ArgumentException">There is no such node.</exception>
    public int SimplicesOf(int node) => (uint)node < (uint)_simplices.Length
        ? _simplices[node]
        : throw new ArgumentException($"SimplicialClosure.SimplicesOf: nodes are from 0 to below {_simplices.Length}; got {node}.", nameof(node));

    /// <summary>Finds the triangles.</summary>
    /// <param name="simplices">Each a hyperedge.</param>
    /// <param name="largest">Simplices of more nodes are left out.</param>
    public static SimplicialClosure Of(Incidence simplices, int largest = PublishedLargest)
    {
        ArgumentNullException.ThrowIfNull(simplices);
        return Of(simplices.NodeCount, MemberSets.Of(simplices), largest);
    }

    /// <summary>Which triangles are open in the first part of the simplices by time, and which of them close in the rest.</summary>
    /// <param name="simplices">Each a hyperedge.</param>
    /// <param name="times">When each came, one per simplex; equal times keep the order of the simplices.</param>
    /// <param name="share">How much of them the first part is.</param>
    /// <param name="largest">Simplices of more nodes are left out.</param>
    /// <param name="until">How much of them there is at all: those after it are not seen.</param>
    /// <returns>The first part, and for each of its triangles whether it is open there and closes afterwards.</returns>
    /// <exception cref="ArgumentException">There is not one time for each simplex, or the shares are not in [0, 1] and in order.</exception>
    public static (SimplicialClosure First, bool[] Closes) Split(
        Incidence simplices, ReadOnlySpan<long> times, double share = 0.8, int largest = PublishedLargest, double until = 1)
    {
        ArgumentNullException.ThrowIfNull(simplices);
        if (times.Length != simplices.EdgeCount || !(share >= 0 && share <= until && until <= 1))
        {
            throw new ArgumentException(
                $"SimplicialClosure: times must be one per simplex and 0 <= share <= until <= 1; got {times.Length} times of "
                + $"{simplices.EdgeCount} simplices, {share} and {until}.");
        }
        long[] when = times.ToArray();
        int[][] sets = MemberSets.Of(simplices);
        int[] order = [.. Enumerable.Range(0, sets.Length).Where(edge => sets[edge].Length <= largest).OrderBy(edge => when[edge])];
        int cut = (int)(order.Length * share);
        SimplicialClosure first = Of(simplices.NodeCount, [.. order[..cut].Select(edge => sets[edge])], largest);
        TriangleClosure later = new(simplices.NodeCount, MemberSets.Distinct(order[cut..(int)(order.Length * until)].Select(edge => sets[edge]), 3));
        return (first, [.. first.Triangles.Select(triangle => !triangle.Closed && later.Holds(triangle.U, triangle.V, triangle.W))]);
    }

    /// <summary>Scores all triangles.</summary>
    /// <param name="score">By what.</param>
    /// <returns>One number for each of <see cref="Triangles"/>.</returns>
    public double[] Scores(ClosureScore score)
    {
        WalkScores? walks = score switch
        {
            ClosureScore.Katz => WalkScores.Katz(Graph, isWeighted: false),
            ClosureScore.WeightedKatz => WalkScores.Katz(Graph, isWeighted: true),
            ClosureScore.PageRank => WalkScores.PageRank(Graph, isWeighted: false),
            ClosureScore.WeightedPageRank => WalkScores.PageRank(Graph, isWeighted: true),
            _ => null,
        };
        return [.. Triangles.Select(triangle => walks?.Of(triangle) ?? Score(score, triangle))];
    }

    /// <summary>The area under the curve of precision over recall (average precision), by that of random scores.</summary>
    /// <param name="scores">One for each open triangle.</param>
    /// <param name="closes">Whether it closes.</param>
    /// <returns>1 for scores that tell nothing; 0 if none closes.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double RelativePrecision(ReadOnlySpan<double> scores, ReadOnlySpan<bool> closes)
    {
        if (scores.Length != closes.Length)
        {
            throw new ArgumentException($"SimplicialClosure: every score needs its outcome; got {scores.Length} scores and {closes.Length} outcomes.");
        }
        double[] keys = scores.ToArray();
        bool[] hits = closes.ToArray();
        Array.Sort(keys, hits);
        int total = hits.Count(static hit => hit);
        double area = 0;
        int found = 0;
        for (int end = keys.Length; end > 0;)
        {
            // Equal scores are taken together: no order among them is better than another.
            int begin = end - 1;
            while (begin > 0 && keys[begin - 1] == keys[end - 1])
            {
                begin--;
            }
            int more = hits.AsSpan(begin, end - begin).Count(true);
            found += more;
            area += (double)more * found / (keys.Length - begin);
            end = begin;
        }
        return total == 0 ? 0 : area / total / ((double)total / keys.Length);
    }

    private static SimplicialClosure Of(int nodes, int[][] sets, int largest)
    {
        WeightedGraph graph = ProjectedGraph.Of(nodes, [.. sets.Where(set => set.Length <= largest)]);
        TriangleClosure closure = new(nodes, MemberSets.Distinct(sets, 3, largest));
        int[] simplices = new int[nodes];
        foreach (int node in sets.Where(set => set.Length <= largest).SelectMany(static set => set))
        {
            simplices[node]++;
        }
        return new SimplicialClosure(graph, [.. graph.Triangles().Select(t => new ProjectedTriangle(t.U, t.V, t.W, closure.Holds(t.U, t.V, t.W)))], simplices);
    }

    private double Score(ClosureScore score, ProjectedTriangle triangle)
    {
        (int u, int v, int w, _) = triangle;
        if (score <= ClosureScore.ArithmeticMean)
        {
            (double a, double b, double c) = (Graph.WeightOf(u, v), Graph.WeightOf(u, w), Graph.WeightOf(v, w));
            return score switch
            {
                ClosureScore.HarmonicMean => 3 / ((1 / a) + (1 / b) + (1 / c)),
                ClosureScore.GeometricMean => Math.Cbrt(a * b * c),
                _ => (a + b + c) / 3,
            };
        }
        switch (score)
        {
            case ClosureScore.DegreeProduct:
                return (double)Graph.NeighboursOf(u).Length * Graph.NeighboursOf(v).Length * Graph.NeighboursOf(w).Length;
            case ClosureScore.SimplexProduct:
                return (double)SimplicesOf(u) * SimplicesOf(v) * SimplicesOf(w);
        }
        int[] common = MemberSets.Intersect(MemberSets.Intersect(Graph.NeighboursOf(u), Graph.NeighboursOf(v)), Graph.NeighboursOf(w));
        return score switch
        {
            ClosureScore.CommonNeighbours => common.Length,
            ClosureScore.AdamicAdar => common.Sum(node => 1 / Math.Log(Graph.NeighboursOf(node).Length)),
            ClosureScore.Jaccard => (double)common.Length / new HashSet<int>([.. Graph.NeighboursOf(u), .. Graph.NeighboursOf(v), .. Graph.NeighboursOf(w)]).Count,
            _ => throw new ArgumentException($"SimplicialClosure: the score must be one of {nameof(ClosureScore)}; got {score}."),
        };
    }
}
