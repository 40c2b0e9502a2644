using System.Globalization;
using System.Text;

namespace HyperKernels.Cli.Training;

/// <summary>The area within a distance of the convex hull of points, as an SVG path of lines and arcs.</summary>
internal static class RoundedHull
{
    /// <summary>The path.</summary>
    /// <param name="points">One at least.</param>
    /// <param name="radius">The distance.</param>
    public static string Path((double X, double Y)[] points, double radius)
    {
        (double X, double Y)[] hull = Hull(points);
        if (hull.Length == 1)
        {
            (double x, double y) = hull[0];
            return string.Create(
                CultureInfo.InvariantCulture, $"M{x - radius:F1} {y:F1}a{radius:F1} {radius:F1} 0 1 1 {2 * radius:F1} 0a{radius:F1} {radius:F1} 0 1 1 {-2 * radius:F1} 0Z");
        }
        StringBuilder path = new();
        for (int i = 0; i <= hull.Length; i++)
        {
            (double X, double Y) from = hull[i % hull.Length];
            (double X, double Y) to = hull[(i + 1) % hull.Length];
            (double dx, double dy) = (to.X - from.X, to.Y - from.Y);
            double length = Math.Sqrt((dx * dx) + (dy * dy));
            // The hull turns counter-clockwise in its own axes: outside is to the right of every side.
            (double outX, double outY) = (radius * dy / length, -radius * dx / length);
            string start = string.Create(CultureInfo.InvariantCulture, $"{from.X + outX:F1} {from.Y + outY:F1}");
            path.Append(i == 0 ? $"M{start}" : string.Create(CultureInfo.InvariantCulture, $"A{radius:F1} {radius:F1} 0 0 1 {start}"));
            if (i < hull.Length)
            {
                path.Append(string.Create(CultureInfo.InvariantCulture, $"L{to.X + outX:F1} {to.Y + outY:F1}"));
            }
        }
        return path.Append('Z').ToString();
    }

    // Andrew's monotone chain, Information Processing Letters 9(5), 1979.
    private static (double X, double Y)[] Hull((double X, double Y)[] points)
    {
        (double X, double Y)[] sorted = [.. points.Distinct().OrderBy(static p => p.X).ThenBy(static p => p.Y)];
        if (sorted.Length < 3)
        {
            return sorted;
        }
        List<(double X, double Y)> hull = [];
        foreach (IEnumerable<(double X, double Y)> way in new[] { sorted, sorted.Reverse() })
        {
            int start = hull.Count;
            foreach ((double X, double Y) point in way)
            {
                while (hull.Count - start >= 2 && Turn(hull[^2], hull[^1], point) <= 0)
                {
                    hull.RemoveAt(hull.Count - 1);
                }
                hull.Add(point);
            }
            // Each way ends where the other begins.
            hull.RemoveAt(hull.Count - 1);
        }
        return [.. hull];
    }

    private static double Turn((double X, double Y) a, (double X, double Y) b, (double X, double Y) c) => ((b.X - a.X) * (c.Y - a.Y)) - ((b.Y - a.Y) * (c.X - a.X));
}
