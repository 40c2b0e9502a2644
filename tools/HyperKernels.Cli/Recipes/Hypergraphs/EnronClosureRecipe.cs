using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.IO;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Which triangles of people who write to each other in pairs become e-mails to three: counted, and told beforehand by scores of the pairs' weights, of common neighbours and
/// of walks, and by logistic regression on what closed before.
/// </summary>
internal sealed class EnronClosureRecipe : IRecipe
{
    private const int Cuts = 9;
    private const double PublishedShare = 0.8;

    private static readonly (Func<ClosureSplit, double[]> Of, string Name)[] s_scores =
    [
        (static split => split.Scores(ClosureScore.HarmonicMean), "harmonic mean"),
        (static split => split.Scores(ClosureScore.GeometricMean), "geometric mean"),
        (static split => split.Scores(ClosureScore.ArithmeticMean), "arithmetic mean"),
        (static split => split.Scores(ClosureScore.CommonNeighbours), "common neighbours"),
        (static split => split.Scores(ClosureScore.Jaccard), "Jaccard"),
        (static split => split.Scores(ClosureScore.AdamicAdar), "Adamic-Adar"),
        (static split => split.Scores(ClosureScore.DegreeProduct), "degree product"),
        (static split => split.Scores(ClosureScore.SimplexProduct), "simplex product"),
        (static split => split.Scores(ClosureScore.Katz), "Katz"),
        (static split => split.Scores(ClosureScore.WeightedKatz), "weighted Katz"),
        (static split => split.Scores(ClosureScore.PageRank), "PageRank"),
        (static split => split.Scores(ClosureScore.WeightedPageRank), "weighted PageRank"),
        (static split => split.Learned, "logistic regression"),
    ];

    // Of the authors' own copy: ScHoLP-Tutorial, README, "Simplicial closures"; sums are those of the paper's table.
    private static readonly (int Open, int Closing)[] s_publishedByStrongPairs = [(75, 0), (449, 14), (1162, 56), (888, 49)];

    public string Name => "enron-closure";

    public string Description => "Triangles of e-mails that close, on drawn messages or on Enron's with --data: counts, and scores that tell them beforehand.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        if (options.Steps is not null || options.Epochs is not null)
        {
            throw new UsageException("enron-closure has no length to choose; leave --steps and --epochs out.");
        }
        HypergraphData data = options.Data is { } folder ? TimedSimplices.LoadEnron(folder) : TimedSimplices.Draw(options.Seed);
        using Hypergraph graph = data.ToHypergraph(options.Device);
        long[] times = data.EdgeTimes!;
        TrainingLoop loop = new()
        {
            Steps = Cuts,
            ExamplesPerStep = data.EdgeCount,
            ExamplesName = "simplices",
            LogEvery = 1,
            Step = step =>
            {
                ClosureSplit split = new(graph.Incidence, times, (step + 1.0) / (Cuts + 1));
                return [.. s_scores.Select(one => new Metric($"{one.Name}/area relative to random", split.RelativePrecision(one.Of(split))))];
            },
            Save = static step => Trainee.Save(step),
            Load = static _ => { },
        };
        loop.Run(options, progress, cancel);
        ClosureSplit last = new(graph.Incidence, times, PublishedShare);
        return new TrainSummary(
            [.. Counts(SimplicialClosure.Of(graph.Incidence), options.Data is not null), .. Closing(last, options.Data is not null), .. Scores(last)],
            [
                new Setting("data", $"{(options.Data is null ? "drawn messages" : "Enron's e-mails")}: {data}"),
                new Setting("protocol", $"simplices of more than {SimplicialClosure.PublishedLargest} nodes are left out; the first 80 % by time tell, the last 20 % are told"),
                new Setting("steps of the curves", $"step k of {Cuts} cuts the simplices after k tenths of their time order"),
                new Setting("logistic regression", "learned within the first part: on triangles open in its first three quarters, and on which of them close in its last"),
                new Setting("area", "average precision; equal scores are taken together; random scores have the share of open triangles that close"),
            ])
        {
            Pictures =
            [
                Picture.OfCurves(
                    "Precision over recall",
                    "Open triangles of the first 80 %, from the highest score down: how many of those taken close, over how many of all that close are taken.",
                    "recall",
                    "precision",
                    [.. s_scores.Select(one => (one.Name, last.Curve(one.Of(last))))]),
                DistributionPicture.Of("Degrees and sizes", graph),
            ],
        };
    }

    private static IEnumerable<Figure> Counts(SimplicialClosure all, bool isEnron)
    {
        int closed = all.Triangles.Count(static triangle => triangle.Closed);
        IEnumerable<Figure> Row(string run, int pairs, int triangles, int closed) =>
        [
            new Figure(run, "projected pairs", pairs, "N0"),
            new Figure(run, "triangles", triangles, "N0"),
            new Figure(run, "closed", closed, "N0"),
            new Figure(run, "open", triangles - closed, "N0"),
        ];
        IEnumerable<Figure> counted = Row("all", all.Graph.EdgeCount, all.Triangles.Count, closed);
        return isEnron ? [.. counted, .. Row("all, published", 1_800, 9_895, 6_578)] : counted;
    }

    private static IEnumerable<Figure> Closing(ClosureSplit split, bool isEnron)
    {
        (int Open, int Closing)[] strong = split.ByStrongPairs();
        IEnumerable<Figure> Row(string run, (int Open, int Closing) counted, (int Open, int Closing) published)
        {
            yield return new Figure(run, "open", counted.Open, "N0");
            yield return new Figure(run, "of these close", counted.Closing, "N0");
            if (isEnron)
            {
                yield return new Figure(run, "open, published", published.Open, "N0");
                yield return new Figure(run, "of these close, published", published.Closing, "N0");
            }
        }
        return
        [
            .. Row(
                "first 80 %",
                (split.Open, split.Closing),
                (s_publishedByStrongPairs.Sum(static count => count.Open), s_publishedByStrongPairs.Sum(static count => count.Closing))),
            .. strong.SelectMany((counted, pairs) => Row($"with {pairs} strong pairs", counted, s_publishedByStrongPairs[pairs])),
        ];
    }

    private static IEnumerable<Figure> Scores(ClosureSplit split)
    {
        double random = (double)split.Closing / Math.Max(1, split.Open);
        IEnumerable<Figure> Row(string run, double relative) =>
        [
            new Figure(run, "area under precision and recall", relative * random, "P2"),
            new Figure(run, "relative to random", relative, "F2"),
        ];
        return [.. Row("random scores", 1), .. s_scores.SelectMany(one => Row(one.Name, split.RelativePrecision(one.Of(split))))];
    }
}
