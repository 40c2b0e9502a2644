using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class NumericsTests
{
    [Test]
    public void LeastSquares_OfDependentColumns_HasTheSmallestNorm()
    {
        // The third column is the sum of the others: any (a, b, 0) + c (1, 1, -1) fits as well.
        double[][] x = [[1, 0, 1], [0, 1, 1], [1, 1, 2], [2, -1, 1]];
        double[][] y = [.. x.Select(row => new[] { (2 * row[0]) - row[1] })];
        double[][] w = LeastSquares.Solve(x, y);
        for (int row = 0; row < x.Length; row++)
        {
            Assert.That(x[row].Zip(w, (value, weight) => value * weight[0]).Sum(), Is.EqualTo(y[row][0]).Within(1e-12));
        }
        Assert.That(w[0][0] + w[1][0] - w[2][0], Is.Zero.Within(1e-12), "nothing along what changes no answer");
    }

    [Test]
    public void LeastSquares_OfTooManyRows_LeavesAResidualThatNoColumnExplains()
    {
        double[][] x = [[1, 1], [2, 1], [3, 1], [5, 1]];
        double[][] y = [[1, 0], [2, 1], [2, 1], [7, 0]];
        double[][] w = LeastSquares.Solve(x, y);
        foreach (int answer in (int[])[0, 1])
        {
            double[] residual = [.. x.Select((row, i) => (row[0] * w[0][answer]) + (row[1] * w[1][answer]) - y[i][answer])];
            Assert.That(residual.Zip(x, (r, row) => r * row[0]).Sum(), Is.Zero.Within(1e-11));
            Assert.That(residual.Sum(), Is.Zero.Within(1e-11));
        }
        Assert.That(() => LeastSquares.Solve(x, y[..2]), Throws.ArgumentException.With.Message.Contains("4 and 2"));
    }

    [Test]
    public void KMeans_Refine_UsesTheDistanceAskedFor_AndStopsAtEmptyClusters()
    {
        // (4, 4) is nearer to the first centre by absolute differences and to the second by squares.
        float[][] points = [[0, 0], [4, 4], [9, 0], [10, 0]];
        double[][] centres = [[0, 3], [10, 1]];
        Assert.That(KMeans.Refine(points, [[0, 0], [9.5, 1.5]], 20, 0, ClusterDistance.MeanAbsolute)!.Labels, Is.EqualTo([0, 0, 1, 1]));
        Clusters squares = KMeans.Refine(points, centres, 20, 1e-4)!;
        Assert.That(squares.Converged);
        Assert.That(squares.Centres.Select(centre => centre[0]), Is.EqualTo([2, 9.5]).Within(1e-9));
        Assert.That(centres[0], Is.EqualTo([0, 3]), "what is given stays as it is");
        Assert.That(KMeans.Refine(points, centres, 1, 1e-4)!.Converged, Is.False, "the centres moved in the only round");
        Assert.That(KMeans.Refine(points, [[0, 0], [10, 0], [500, 500]], 20, 1e-4), Is.Null);
        Assert.That(() => KMeans.Refine(points, [[0]], 20, 0), Throws.ArgumentException);
    }

    [Test]
    public void KMeans_Fit_FindsSeparateGroups_WhereverItStarts([Values(1, 2, 3)] int seed)
    {
        RandomStream random = new((ulong)seed);
        float[] noise = new float[60];
        random.FillNormal(noise);
        float[][] points = [.. Enumerable.Range(0, 30).Select(i => new[] { (10 * (i % 3)) + (0.3f * noise[2 * i]), (0.3f * noise[(2 * i) + 1]) - (7 * (i % 3)) })];
        Clusters found = KMeans.Fit(points, 3, random);
        Assert.That(found.Labels, Is.EqualTo(Enumerable.Range(0, 30).Select(i => i % 3)), "numbered in order of first use");
        Assert.That(found.Centres[1], Is.EqualTo([10, -7]).Within(0.5));
    }
}
