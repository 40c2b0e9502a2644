using System.Globalization;
using System.Net;
using System.Text;

namespace HyperKernels.Cli.Training;

/// <summary>Draws curves as an SVG picture that scales with its page and takes its colours from it.</summary>
internal static class LineChart
{
    private const int Width = 720;
    private const int Height = 320;
    private const int Left = 64;
    private const int Right = 14;
    private const int Top = 14;
    private const int Bottom = 40;
    private const int MostPoints = 600;

    // A quantity that spans more than this is shown on a logarithmic axis.
    private const double LogarithmicSpan = 40;

    /// <summary>The picture, or an empty text where no curve has a finite point.</summary>
    /// <param name="name">What the y axis shows.</param>
    /// <param name="curves">Name and points (step, value) of each.</param>
    public static string Svg(string name, IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> curves)
    {
        (double X, double Y)[] all = [.. curves.SelectMany(c => c.Points).Where(p => double.IsFinite(p.Y))];
        if (all.Length == 0)
        {
            return "";
        }
        double low = all.Min(p => p.Y);
        double high = all.Max(p => p.Y);
        bool logarithmic = low > 0 && high / low > LogarithmicSpan;
        Scale y = new(low, high, Height - Bottom, Top, logarithmic);
        Scale x = new(Math.Min(0, all.Min(p => p.X)), all.Max(p => p.X), Left, Width - Right, false);
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Escape(name)} by step\">\n");
        foreach (double tick in y.Ticks())
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y.At(tick):F1}\" y2=\"{y.At(tick):F1}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{y.At(tick) + 4:F1}\" text-anchor=\"end\">{Label(tick)}</text>\n");
        }
        foreach (double tick in x.Ticks())
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{x.At(tick):F1}\" x2=\"{x.At(tick):F1}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x.At(tick):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{Label(tick)}</text>\n");
        }
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 4}\" text-anchor=\"middle\">step</text>\n");
        for (int i = 0; i < curves.Count; i++)
        {
            Curve(svg, i, curves[i].Name, Thin(curves[i].Points), x, y);
        }
        return svg.Append("</svg>\n").ToString();
    }

    private static void Curve(StringBuilder svg, int index, string name, IReadOnlyList<(double X, double Y)> points, Scale x, Scale y)
    {
        // A value that is not a number leaves a gap.
        StringBuilder path = new();
        bool pen = false;
        foreach ((double px, double py) in points)
        {
            bool finite = double.IsFinite(py);
            if (finite)
            {
                path.Append(CultureInfo.InvariantCulture, $"{(pen ? 'L' : 'M')}{x.At(px):F1} {y.At(py):F1}");
            }
            pen = finite;
        }
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"curve c{index % 6}\" d=\"{path}\"><title>{Escape(name)}</title></path>\n");
        if (points.Count <= 40)
        {
            foreach ((double px, double py) in points.Where(p => double.IsFinite(p.Y)))
            {
                svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"dot c{index % 6}\" cx=\"{x.At(px):F1}\" cy=\"{y.At(py):F1}\" r=\"3\"><title>{Escape(name)}, step {px:F0}: {py:G5}</title></circle>");
            }
        }
    }

    // Long curves are shown by the means of neighbouring points: a file of a thousand epochs stays small.
    private static IReadOnlyList<(double X, double Y)> Thin(IReadOnlyList<(double X, double Y)> points)
    {
        int group = (points.Count + MostPoints - 1) / MostPoints;
        return group <= 1 ? points : [.. points.Chunk(group).Select(chunk => (chunk[^1].X, chunk.Average(p => p.Y)))];
    }

    private static string Label(double value)
    {
        double size = Math.Abs(value);
        return size >= 1e6 ? (value / 1e6).ToString("0.##M", CultureInfo.InvariantCulture)
            : size >= 1e4 ? (value / 1e3).ToString("0.##k", CultureInfo.InvariantCulture)
            : value.ToString(size is > 0 and < 1e-3 ? "0.#e0" : "0.####", CultureInfo.InvariantCulture);
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <summary>From values to places on the picture.</summary>
    private sealed class Scale(double low, double high, double from, double to, bool logarithmic)
    {
        private readonly double _low = logarithmic ? Math.Log10(low) : low;
        private readonly double _high = Highest(logarithmic ? Math.Log10(low) : low, logarithmic ? Math.Log10(high) : high);

        public double At(double value) => from + ((to - from) * (((logarithmic ? Math.Log10(value) : value) - _low) / (_high - _low)));

        public IEnumerable<double> Ticks()
        {
            // Steps of 1, 2 or 5 times a power of ten; of whole decades on a logarithmic axis.
            double rough = (_high - _low) / 5;
            double decade = Math.Pow(10, Math.Floor(Math.Log10(rough)));
            double step = rough / decade < 1.5 ? decade : rough / decade < 3.5 ? 2 * decade : rough / decade < 7.5 ? 5 * decade : 10 * decade;
            step = logarithmic ? Math.Max(1, Math.Round(step)) : step;
            for (double tick = Math.Ceiling((_low / step) - 1e-9) * step; tick <= _high + (step * 1e-9); tick += step)
            {
                double clean = Math.Abs(tick) < step * 1e-9 ? 0 : tick;
                yield return logarithmic ? Math.Pow(10, clean) : clean;
            }
        }

        // A flat curve still needs an axis.
        private static double Highest(double low, double high) => high > low ? high : low + Math.Max(1e-9, Math.Abs(low) * 0.1);
    }
}
