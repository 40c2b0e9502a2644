using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>The triangles that are open in the first part of timed simplices, and which of them close in the rest.</summary>
internal sealed class ClosureSplit
{
    // 60 % of all simplices where the first part is 80 %, as the authors have it.
    private const double LearningShare = 0.75;

    private readonly SimplicialClosure _first;
    private readonly int[] _open;
    private readonly bool[] _closes;
    private readonly Lazy<double[]> _learned;

    /// <param name="simplices">Each a hyperedge.</param>
    /// <param name="times">When each came.</param>
    /// <param name="share">How much of them the first part is.</param>
    public ClosureSplit(Incidence simplices, long[] times, double share)
    {
        (_first, bool[] closes) = SimplicialClosure.Split(simplices, times, share);
        _open = [.. Enumerable.Range(0, closes.Length).Where(triangle => !_first.Triangles[triangle].Closed)];
        _closes = Array.ConvertAll(_open, triangle => closes[triangle]);
        _learned = new Lazy<double[]>(() =>
        {
            (SimplicialClosure earlier, bool[] known) = SimplicialClosure.Split(simplices, times, share * LearningShare, until: share);
            return OfOpen(ClosureRegression.Fit(earlier, known).Scores(_first));
        });
    }

    /// <summary>How many triangles are open.</summary>
    public int Open => _open.Length;

    /// <summary>How many of these close.</summary>
    public int Closing => _closes.Count(static closes => closes);

    /// <summary>What logistic regression tells of the open triangles, learned within the first part: from three quarters of it, and what closes in its last quarter.</summary>
    public double[] Learned => _learned.Value;

    /// <summary>Scores of the open triangles.</summary>
    public double[] Scores(ClosureScore score) => OfOpen(_first.Scores(score));

    /// <summary>The area under precision over recall, by that of random scores, which is the share of open triangles that close.</summary>
    /// <param name="scores">Of the open triangles.</param>
    public double RelativePrecision(double[] scores) => SimplicialClosure.RelativePrecision(scores, _closes);

    /// <summary>Counts by how many of a triangle's three pairs are strong, that is share two simplices or more.</summary>
    /// <returns>For 0 to 3 strong pairs the open triangles and those of them that close.</returns>
    public (int Open, int Closing)[] ByStrongPairs()
    {
        (int Open, int Closing)[] counts = new (int, int)[4];
        for (int i = 0; i < _open.Length; i++)
        {
            (int u, int v, int w, _) = _first.Triangles[_open[i]];
            ref (int Open, int Closing) count = ref counts[Strong(u, v) + Strong(u, w) + Strong(v, w)];
            count.Open++;
            count.Closing += _closes[i] ? 1 : 0;
        }
        return counts;
    }

    /// <summary>Precision at every recall, taking triangles from the highest score down; those of equal scores come together.</summary>
    /// <param name="scores">Of the open triangles.</param>
    public IReadOnlyList<(double Recall, double Precision)> Curve(double[] scores)
    {
        int[] order = [.. Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i])];
        List<(double, double)> points = [];
        int found = 0;
        for (int taken = 1; taken <= order.Length; taken++)
        {
            found += _closes[order[taken - 1]] ? 1 : 0;
            if (found > 0 && (taken == order.Length || scores[order[taken]] != scores[order[taken - 1]]))
            {
                points.Add(((double)found / Closing, (double)found / taken));
            }
        }
        return points;
    }

    private double[] OfOpen(double[] all) => Array.ConvertAll(_open, triangle => all[triangle]);

    private int Strong(int u, int v)
    {
        WeightedGraph graph = _first.Graph;
        return graph.WeightsOf(u)[graph.NeighboursOf(u).BinarySearch(v)] >= 2 ? 1 : 0;
    }
}
