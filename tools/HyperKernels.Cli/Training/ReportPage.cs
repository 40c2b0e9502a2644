using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace HyperKernels.Cli.Training;

/// <summary>Writes a run's report: one HTML file with tables and curves that needs nothing else, on a phone too, in light and dark.</summary>
/// <remarks>The page is <c>report.html</c>, a resource of the program with a place <c>{{name}}</c> for each part that is made here.</remarks>
internal static partial class ReportPage
{
    private const string Template = "report.html";

    /// <summary>Writes the page, all or nothing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="title">The recipe's name.</param>
    /// <param name="lead">One line below the title.</param>
    /// <param name="summary">Final figures and configuration; null for a run that was stopped.</param>
    /// <param name="machine">Where it ran.</param>
    /// <param name="steps">What was logged.</param>
    public static void Write(
        string path, string title, string lead, TrainSummary? summary, IReadOnlyList<Setting> machine, IReadOnlyList<LoggedStep> steps)
    {
        Dictionary<string, string> parts = new()
        {
            ["title"] = Escape(title),
            ["lead"] = Escape(lead),
            ["results"] = Section("Results", summary is null ? "" : Figures(summary.Figures)),
            ["pictures"] = summary is null ? "" : string.Concat(summary.Pictures.Select(Picture)),
            ["charts"] = Charts(steps),
            ["configuration"] = Section("Configuration", summary is null ? "" : Settings(summary.Configuration)),
            ["machine"] = Section("Machine", Settings(machine)),
        };
        // In one pass: what is put in is not searched for places again.
        string page = Place().Replace(ReadTemplate(), place => parts[place.Groups[1].Value]);
        IO.AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(page)));
    }

    private static string ReadTemplate()
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream(Template)!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>A heading and what belongs under it; nothing where there is nothing.</summary>
    private static string Section(string heading, string content) =>
        content.Length == 0 ? "" : $"<h2>{Escape(heading)}</h2>\n<section>\n{content}</section>\n";

    private static string Figures(IReadOnlyList<Figure> figures)
    {
        if (figures.Count == 0)
        {
            return "";
        }
        FigureTable table = FigureTable.Of(figures);
        StringBuilder html = new("<table>\n");
        Row(html, "th", table.Headings);
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            Row(html, "td", row);
        }
        return html.Append("</table>\n").ToString();
    }

    // The first column names the run; the others are numbers.
    private static void Row(StringBuilder html, string cell, IReadOnlyList<string> texts)
    {
        html.Append("<tr>");
        for (int column = 0; column < texts.Count; column++)
        {
            html.Append($"<{cell}{(column == 0 ? "" : " class=\"n\"")}>{Escape(texts[column])}</{cell}>");
        }
        html.Append("</tr>\n");
    }

    private static string Charts(IReadOnlyList<LoggedStep> steps)
    {
        StringBuilder html = new();
        foreach (string quantity in steps.SelectMany(step => step.Metrics).Select(metric => metric.Quantity).Distinct())
        {
            (string Name, IReadOnlyList<(double, double)> Points)[] curves =
            [
                .. steps.SelectMany(step => step.Metrics.Where(m => m.Quantity == quantity).Select(m => (m.Run, step.Step, m.Value)))
                    .GroupBy(point => point.Run)
                    .Select(run => (run.Key, (IReadOnlyList<(double, double)>)[.. run.Select(point => ((double)point.Step, point.Value))])),
            ];
            html.Append(Section(quantity, LineChart.Svg(quantity, curves)));
        }
        return html.ToString();
    }

    private static string Picture(Picture picture) =>
        Section(picture.Title, picture.Words.Length == 0 || picture.Html.Length == 0 ? picture.Html : $"<p>{Escape(picture.Words)}</p>\n{picture.Html}");

    private static string Settings(IReadOnlyList<Setting> settings) =>
        settings.Count == 0
            ? ""
            : $"<table>\n{string.Concat(settings.Select(setting => $"<tr><th>{Escape(setting.Name)}</th><td>{Escape(setting.Value)}</td></tr>\n"))}</table>\n";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    [GeneratedRegex(@"\{\{(\w+)\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Place();
}
