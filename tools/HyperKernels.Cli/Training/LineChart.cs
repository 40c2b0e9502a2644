using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace HyperKernels.Cli.Training;

/// <summary>Draws curves as an SVG picture that scales with its page and takes its colours from it.</summary>
internal static partial class LineChart
{
    /// <summary>How many colours the page has for curves: <c>--c0</c> to <c>--c7</c>.</summary>
    public const int Colours = 8;

    private const string Steps = "step";

    private const int Width = 720;
    private const int Height = 340;

    // Of the values' span on both sides, so that no marker is cut.
    private const double Padding = 0.04;

    // Fewer points are shown one by one.
    private const int MostMarkers = 40;

    // A quantity that spans more than this is shown on a logarithmic axis.
    private const double LogarithmicSpan = 40;

    // Stand for the page's colours until the picture is written: no other element has them.
    private static readonly OxyColor s_text = OxyColor.FromRgb(1, 2, 253);
    private static readonly OxyColor s_grid = OxyColor.FromRgb(1, 2, 254);

    /// <summary>The picture, or an empty text where no curve has a finite point.</summary>
    /// <param name="name">What the y axis shows.</param>
    /// <param name="curves">Name and points (step, value) of each; a value that is not a number leaves a gap.</param>
    /// <param name="horizontal">What the x axis shows.</param>
    /// <param name="key">What no other picture of the page has; null means <paramref name="name"/>.</param>
    public static string Svg(
        string name, IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> curves, string horizontal = Steps, string? key = null)
    {
        double[] values = [.. curves.SelectMany(curve => curve.Points).Select(point => point.Y).Where(double.IsFinite)];
        if (values.Length == 0)
        {
            return "";
        }
        PlotModel chart = new() { PlotAreaBorderThickness = new OxyThickness(0), TextColor = s_text, DefaultFontSize = 13 };
        bool logarithmic = values.Min() > 0 && values.Max() / values.Min() > LogarithmicSpan;
        chart.Axes.Add(Style(horizontal == Steps ? new LinearAxis { Minimum = 0 } : new LinearAxis(), AxisPosition.Bottom, horizontal));
        chart.Axes.Add(Style(logarithmic ? new LogarithmicAxis() : new LinearAxis(), AxisPosition.Left, name));
        if (curves.Any(curve => curve.Name.Length > 0))
        {
            chart.Legends.Add(new Legend
            {
                LegendPosition = LegendPosition.TopLeft,
                LegendPlacement = LegendPlacement.Outside,
                LegendOrientation = LegendOrientation.Horizontal,
                LegendTextColor = s_text,
            });
        }
        for (int i = 0; i < curves.Count; i++)
        {
            (string curve, IReadOnlyList<(double X, double Y)> points) = curves[i];
            LineSeries series = new()
            {
                Title = curve,
                Color = Colour(i % Colours),
                StrokeThickness = 2,
                LineJoin = LineJoin.Round,
                MarkerType = points.Count <= MostMarkers ? MarkerType.Circle : MarkerType.None,
                EdgeRenderingMode = EdgeRenderingMode.PreferGeometricAccuracy,
                // A curve of a thousand epochs keeps the extremes of every column of the picture.
                Decimator = Decimator.Decimate,
            };
            series.Points.AddRange(points.Select(point => new DataPoint(point.X, double.IsFinite(point.Y) ? point.Y : double.NaN)));
            chart.Series.Add(series);
        }
        return InPage(SvgExporter.ExportToString(chart, Width, Height, isDocument: false, new WideText()), $"{name} by {horizontal}", key ?? name);
    }

    private static Axis Style(Axis axis, AxisPosition position, string title)
    {
        axis.Position = position;
        axis.Title = title;
        axis.AxisTitleDistance = position == AxisPosition.Left ? 14 : 8;
        axis.MinimumPadding = axis.MaximumPadding = Padding;
        axis.LabelFormatter = Label;
        axis.TickStyle = TickStyle.None;
        axis.MajorGridlineStyle = LineStyle.Solid;
        axis.MajorGridlineColor = s_grid;
        axis.MajorGridlineThickness = 1;
        axis.EdgeRenderingMode = EdgeRenderingMode.PreferGeometricAccuracy;
        return axis;
    }

    /// <summary>Without a size of its own, with the page's colours, and with names of clipping areas that no other picture of the page has.</summary>
    private static string InPage(string svg, string words, string key)
    {
        int open = svg.IndexOf("<svg", StringComparison.Ordinal);
        string inner = svg[(svg.IndexOf('>', open) + 1)..].TrimEnd();
        inner = inner.Replace(Rgb(s_text), "var(--soft)", StringComparison.Ordinal).Replace(Rgb(s_grid), "var(--line)", StringComparison.Ordinal);
        for (int i = 0; i < Colours; i++)
        {
            inner = inner.Replace(Rgb(Colour(i)), $"var(--c{i})", StringComparison.Ordinal);
        }
        inner = ClippedWords().Replace(inner, "<g>");
        string unique = $"clip-{Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(key))}-";
        inner = inner.Replace("clipPath", "\0", StringComparison.Ordinal);
        // The element keeps its name, the areas get another.
        inner = inner.Replace("<\0", "<clipPath", StringComparison.Ordinal)
            .Replace("</\0", "</clipPath", StringComparison.Ordinal)
            .Replace("\0", unique, StringComparison.Ordinal);
        string label = WebUtility.HtmlEncode(words);
        return string.Create(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{label}\">{inner}\n");
    }

    /// <summary>Room for letters: those of a browser's font may be wider than those of the font that the library measures with.</summary>
    private sealed class WideText() : PdfRenderContext(Width, Height, OxyColors.Undefined)
    {
        private const double Wider = 1.4;

        public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight)
        {
            OxySize size = base.MeasureText(text, fontFamily, fontSize, fontWeight);
            return new OxySize(size.Width * Wider, size.Height);
        }
    }

    // The legend's area is as wide as the library takes its words to be: in a browser's font they may need more.
    [GeneratedRegex("""<g clip-path="[^"]*">(?=\s*<text)""", RegexOptions.CultureInvariant)]
    private static partial Regex ClippedWords();

    private static OxyColor Colour(int index) => OxyColor.FromRgb(1, 2, (byte)index);

    private static string Rgb(OxyColor colour) => string.Create(CultureInfo.InvariantCulture, $"rgb({colour.R},{colour.G},{colour.B})");

    private static string Label(double value)
    {
        double size = Math.Abs(value);
        return size >= 1e9 ? value.ToString("0.##e0", CultureInfo.InvariantCulture)
            : size >= 1e6 ? (value / 1e6).ToString("0.##M", CultureInfo.InvariantCulture)
            : size >= 1e4 ? (value / 1e3).ToString("0.##k", CultureInfo.InvariantCulture)
            : value.ToString(size is > 0 and < 1e-3 ? "0.#e0" : "0.####", CultureInfo.InvariantCulture);
    }
}
