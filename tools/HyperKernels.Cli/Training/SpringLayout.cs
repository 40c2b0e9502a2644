namespace HyperKernels.Cli.Training;

/// <summary>
/// Places nodes so that members of one hyperedge are near each other: nodes and the middles of hyperedges push one another away, and every member is drawn
/// towards its hyperedge's middle. Source: Fruchterman, Reingold, Graph drawing by force-directed placement, Software: Practice and Experience 21(11), 1991.
/// </summary>
internal static class SpringLayout
{
    private const int Rounds = 400;

    /// <summary>The places, the same for the same hyperedges.</summary>
    /// <param name="nodes">How many nodes.</param>
    /// <param name="edges">The members of each hyperedge.</param>
    /// <param name="width">Of the drawing.</param>
    /// <param name="height">Of the drawing.</param>
    /// <param name="margin">What stays free at its border.</param>
    public static (double X, double Y)[] Of(int nodes, int[][] edges, double width, double height, double margin)
    {
        int all = nodes + edges.Length;
        double[] x = new double[all];
        double[] y = new double[all];
        for (int i = 0; i < all; i++)
        {
            // A sunflower's seeds: spread evenly, no two alike, nothing drawn.
            double radius = Math.Sqrt((i + 0.5) / all);
            (y[i], x[i]) = Math.SinCos(i * 2.399963);
            (x[i], y[i]) = (x[i] * radius, y[i] * radius);
        }
        double ideal = 1.1 / Math.Sqrt(all);
        double[] moveX = new double[all];
        double[] moveY = new double[all];
        for (int round = 0; round < Rounds; round++)
        {
            Array.Clear(moveX);
            Array.Clear(moveY);
            for (int i = 0; i < all; i++)
            {
                for (int j = 0; j < i; j++)
                {
                    Push(i, j, d => -ideal * ideal / d);
                }
            }
            for (int edge = 0; edge < edges.Length; edge++)
            {
                foreach (int member in edges[edge])
                {
                    Push(nodes + edge, member, d => d * d / ideal);
                }
            }
            double most = 0.1 * (1 - ((double)round / Rounds));
            for (int i = 0; i < all; i++)
            {
                // A weak pull keeps parts that nothing connects in the drawing.
                (double dx, double dy) = (moveX[i] - (0.3 * x[i]), moveY[i] - (0.3 * y[i]));
                double length = Math.Max(Math.Sqrt((dx * dx) + (dy * dy)), 1e-9);
                x[i] += dx / length * Math.Min(length, most);
                y[i] += dy / length * Math.Min(length, most);
            }
        }
        return Fit(x.AsSpan(0, nodes), y.AsSpan(0, nodes), width, height, margin);

        // Positive forces draw i and j together.
        void Push(int i, int j, Func<double, double> force)
        {
            (double dx, double dy) = (x[j] - x[i], y[j] - y[i]);
            double d = Math.Max(Math.Sqrt((dx * dx) + (dy * dy)), 1e-4);
            double f = force(d) / d;
            moveX[i] += f * dx;
            moveY[i] += f * dy;
            moveX[j] -= f * dx;
            moveY[j] -= f * dy;
        }
    }

    private static (double X, double Y)[] Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> y, double width, double height, double margin)
    {
        (double left, double right) = Range(x);
        (double top, double bottom) = Range(y);
        (double X, double Y)[] at = new (double X, double Y)[x.Length];
        for (int i = 0; i < at.Length; i++)
        {
            at[i] = (margin + ((x[i] - left) / (right - left) * (width - (2 * margin))), margin + ((y[i] - top) / (bottom - top) * (height - (2 * margin))));
        }
        return at;
    }

    private static (double Least, double Most) Range(ReadOnlySpan<double> values)
    {
        (double least, double most) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (double value in values)
        {
            (least, most) = (Math.Min(least, value), Math.Max(most, value));
        }
        // Nodes on one line are put in its middle.
        return most - least > 1e-6 ? (least, most) : (least - 1, least + 1);
    }
}
