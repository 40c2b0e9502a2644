using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ClosureScoresTests
{
    private const int Nodes = 9;

    // Two simplices alike, so that a pair weighs 2; node 8 is in none.
    private static readonly int[][] s_simplices = [[0, 1, 2], [0, 1], [0, 1], [1, 3], [0, 3], [2, 3, 4], [4, 5], [5, 6], [4, 6], [6, 7], [5, 7]];

    [Test]
    public void WalkScores_AreSumsOverTheInverse(
        [Values(ClosureScore.Katz, ClosureScore.WeightedKatz, ClosureScore.PageRank, ClosureScore.WeightedPageRank)] ClosureScore score)
    {
        using Incidence incidence = Incidence.FromEdges(Nodes, s_simplices);
        SimplicialClosure closure = SimplicialClosure.Of(incidence);
        bool isWeighted = score is ClosureScore.WeightedKatz or ClosureScore.WeightedPageRank;
        double[,] w = new double[Nodes, Nodes];
        foreach (int[] simplex in s_simplices)
        {
            foreach ((int u, int v) in simplex.SelectMany(u => simplex.Where(v => v != u).Select(v => (u, v))))
            {
                w[u, v] = isWeighted ? w[u, v] + 1 : 1;
            }
        }
        double[,] s = score is ClosureScore.Katz or ClosureScore.WeightedKatz ? Katz(w) : PageRank(w);

        double[] expected = [.. closure.Triangles.Select(t => s[t.U, t.V] + s[t.V, t.U] + s[t.U, t.W] + s[t.W, t.U] + s[t.V, t.W] + s[t.W, t.V])];
        Assert.That(expected, Has.Length.GreaterThan(3));
        Assert.That(closure.Scores(score), Is.EqualTo(expected).Within(1e-9));
    }

    [Test]
    public void SimplexProduct_CountsSimplicesOfEachNode()
    {
        using Incidence incidence = Incidence.FromEdges(Nodes, s_simplices);
        SimplicialClosure closure = SimplicialClosure.Of(incidence, largest: 2);
        ProjectedTriangle triangle = closure.Triangles[0];
        int Count(int node) => s_simplices.Count(simplex => simplex.Length <= 2 && simplex.Contains(node));

        Assert.That(closure.Scores(ClosureScore.SimplexProduct)[0], Is.EqualTo(Count(triangle.U) * Count(triangle.V) * Count(triangle.W)));
        Assert.That((closure.SimplicesOf(0), closure.SimplicesOf(8)), Is.EqualTo((3, 0)));
    }

    [Test]
    public void Regression_IsAtTheMinimumOfItsLoss_AndReadsTheTriangle()
    {
        using Incidence incidence = Incidence.FromEdges(30, Random(30, 120));
        SimplicialClosure closure = SimplicialClosure.Of(incidence, largest: 2);
        // What closes is told by the weight of a pair, but not wholly.
        bool[] closes = [.. closure.Triangles.Select((t, i) => closure.Graph.WeightsOf(t.U)[0] > 1 != (i % 7 == 0))];
        double[][] rows = ClosureRegression.Features(closure);

        double[] told = ClosureRegression.Fit(closure, closes, strength: 0.5).Scores(closure);

        // Where |w|^2 / 2 has the gradient w = strength sum (y - p) x, logits must be those of these weights.
        double[] weights = new double[ClosureRegression.FeatureCount];
        for (int r = 0; r < rows.Length; r++)
        {
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] += 0.5 * ((closes[r] ? 1 : 0) - told[r]) * rows[r][i];
            }
        }
        double[] intercepts = [.. told.Select((p, r) => Math.Log(p / (1 - p)) - rows[r].Select((value, i) => value * weights[i]).Sum())];
        Assert.That(intercepts, Is.All.EqualTo(intercepts[0]).Within(1e-4));
        Assert.That(told.Sum(), Is.EqualTo(closes.Count(close => close)).Within(1e-5), "the intercept is free");

        ProjectedTriangle first = closure.Triangles[0];
        int[] common = [.. closure.Graph.NeighboursOf(first.U).ToArray().Where(node => closure.Graph.NeighboursOf(first.W).Contains(node))];
        Assert.That(rows[0][4], Is.EqualTo(closure.Graph.NeighboursOf(first.V).Length));
        Assert.That(rows[0][10], Is.EqualTo(common.Length));
        Assert.That(rows[0][12], Is.EqualTo(common.Count(node => closure.Graph.NeighboursOf(first.V).Contains(node))));
        Assert.That(rows[0][13 + 10], Is.EqualTo(Math.Log(common.Length + 1)));
    }

    [Test]
    public void Regression_OnOutcomesOfOneKind_TellsNothing_AndErrorsSayWhatMustHold()
    {
        using Incidence incidence = Incidence.FromEdges(Nodes, s_simplices);
        SimplicialClosure closure = SimplicialClosure.Of(incidence);
        bool[] none = new bool[closure.Triangles.Count];

        Assert.That(ClosureRegression.Fit(closure, none).Scores(closure), Is.All.EqualTo(0.5));
        Assert.That(() => ClosureRegression.Fit(closure, []), Throws.ArgumentException.With.Message.Contains("got 0 outcomes"));
        Assert.That(
            () => SimplicialClosure.Split(incidence, new long[s_simplices.Length], 0.8, until: 0.5), Throws.ArgumentException.With.Message.Contains("0 <= share <= until <= 1"));
    }

    [Test]
    public void Split_UntilAShare_LeavesLaterSimplicesOut()
    {
        int[][] simplices = [[0, 1], [1, 2], [0, 2], [5, 6], [3, 4], [0, 1, 2]];
        using Incidence incidence = Incidence.FromEdges(7, simplices);
        long[] times = [1, 2, 3, 4, 5, 6];

        Assert.That(SimplicialClosure.Split(incidence, times, 0.5).Closes, Is.EqualTo(new[] { true }));
        Assert.That(SimplicialClosure.Split(incidence, times, 0.5, until: 0.9).Closes, Is.EqualTo(new[] { false }));
    }

    // Walks of up to 400 steps, and the largest singular value by as many products.
    private static double[,] Katz(double[,] w)
    {
        double[] x = [.. Enumerable.Repeat(1.0, Nodes)];
        double largest = 0;
        for (int round = 0; round < 2000; round++)
        {
            double[] y = [.. Enumerable.Range(0, Nodes).Select(u => Enumerable.Range(0, Nodes).Sum(v => w[u, v] * x[v]))];
            largest = Math.Sqrt(y.Sum(value => value * value) / x.Sum(value => value * value));
            x = [.. y.Select(value => value / largest)];
        }
        double beta = Math.Min(0.25 / largest, 0.5);
        double[,] sum = Walks((u, v) => beta * w[u, v]);
        for (int node = 0; node < Nodes; node++)
        {
            sum[node, node]--;
        }
        return sum;
    }

    private static double[,] PageRank(double[,] w)
    {
        double Degree(int v) => Enumerable.Range(0, Nodes).Sum(u => w[u, v]);
        double[,] sum = Walks((u, v) => w[u, v] == 0 ? 0 : 0.85 * w[u, v] / Degree(v));
        for (int u = 0; u < Nodes; u++)
        {
            for (int v = 0; v < Nodes; v++)
            {
                sum[u, v] *= 0.15;
            }
        }
        return sum;
    }

    private static double[,] Walks(Func<int, int, double> step)
    {
        double[,] sum = new double[Nodes, Nodes];
        double[,] power = new double[Nodes, Nodes];
        for (int node = 0; node < Nodes; node++)
        {
            power[node, node] = 1;
        }
        for (int length = 0; length < 400; length++)
        {
            double[,] next = new double[Nodes, Nodes];
            for (int u = 0; u < Nodes; u++)
            {
                for (int v = 0; v < Nodes; v++)
                {
                    sum[u, v] += power[u, v];
                    next[u, v] = Enumerable.Range(0, Nodes).Sum(k => step(u, k) * power[k, v]);
                }
            }
            power = next;
        }
        return sum;
    }

    private static int[][] Random(int nodes, int edges)
    {
        RandomStream random = new(3);
        int[] order = new int[nodes];
        int[][] members = new int[edges][];
        for (int edge = 0; edge < edges; edge++)
        {
            random.FillPermutation(order);
            members[edge] = order[..2];
        }
        return members;
    }
}
