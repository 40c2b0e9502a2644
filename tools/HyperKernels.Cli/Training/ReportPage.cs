using System.Globalization;
using System.Net;
using System.Text;

namespace HyperKernels.Cli.Training;

/// <summary>Writes a run's report: one HTML file with tables and curves that needs nothing else, on a phone too, in light and dark.</summary>
internal static class ReportPage
{
    private const string Style = """
        :root { color-scheme: light dark; --ink: #1c2330; --soft: #5c6675; --page: #fbfbfa; --card: #ffffff; --line: #dfe3e8;
          --c0: #2563c9; --c1: #d2601a; --c2: #1d8a5b; --c3: #9b3fb5; --c4: #b58900; --c5: #c2334d; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #98a3b3; --page: #14171c; --card: #1c2128; --line: #343b46;
          --c0: #6ea3f7; --c1: #f2955a; --c2: #58c594; --c3: #cf8ae3; --c4: #dcb94a; --c5: #f07f92; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.5rem; margin: .5rem 0 0; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .5rem; } p { margin: .2rem 0; color: var(--soft); }
        section.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem; margin: .8rem 0; overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
        th { color: var(--soft); font-weight: 600; } td.n, th.n { text-align: right; white-space: nowrap; } tr:last-child td { border-bottom: 0; }
        svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 13px; } .grid { stroke: var(--line); stroke-width: 1; }
        .curve { fill: none; stroke-width: 2; stroke-linejoin: round; } .dot { stroke: none; }
        .c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); } .c3 { stroke: var(--c3); } .c4 { stroke: var(--c4); } .c5 { stroke: var(--c5); }
        .dot.c0, i.c0 { fill: var(--c0); background: var(--c0); } .dot.c1, i.c1 { fill: var(--c1); background: var(--c1); } .dot.c2, i.c2 { fill: var(--c2); background: var(--c2); }
        .dot.c3, i.c3 { fill: var(--c3); background: var(--c3); } .dot.c4, i.c4 { fill: var(--c4); background: var(--c4); } .dot.c5, i.c5 { fill: var(--c5); background: var(--c5); }
        .legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; color: var(--soft); } .legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; margin-right: .35rem; }
        """;

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
        string page = Html(title, lead, summary, machine, steps);
        IO.AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(page)));
    }

    private static string Html(string title, string lead, TrainSummary? summary, IReadOnlyList<Setting> machine, IReadOnlyList<LoggedStep> steps)
    {
        StringBuilder html = new();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Append($"<title>{Escape(title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n<h1>{Escape(title)}</h1>\n<p>{Escape(lead)}</p>\n");
        if (summary is not null && summary.Figures.Count > 0)
        {
            html.Append("<h2>Results</h2>\n");
            Figures(html, summary.Figures);
        }
        Charts(html, steps);
        if (summary is not null && summary.Configuration.Count > 0)
        {
            html.Append("<h2>Configuration</h2>\n");
            Settings(html, summary.Configuration);
        }
        html.Append("<h2>Machine</h2>\n");
        Settings(html, machine);
        return html.Append("</body>\n</html>\n").ToString();
    }

    private static void Figures(StringBuilder html, IReadOnlyList<Figure> figures)
    {
        FigureTable table = FigureTable.Of(figures);
        html.Append("<section class=\"card\"><table>\n<tr>");
        for (int column = 0; column < table.Headings.Count; column++)
        {
            html.Append(CultureInfo.InvariantCulture, $"<th{(column == 0 ? "" : " class=\"n\"")}>{Escape(table.Headings[column])}</th>");
        }
        html.Append("</tr>\n");
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            html.Append("<tr>");
            for (int column = 0; column < row.Count; column++)
            {
                html.Append(CultureInfo.InvariantCulture, $"<td{(column == 0 ? "" : " class=\"n\"")}>{Escape(row[column])}</td>");
            }
            html.Append("</tr>\n");
        }
        html.Append("</table></section>\n");
    }

    private static void Charts(StringBuilder html, IReadOnlyList<LoggedStep> steps)
    {
        string[] quantities = [.. steps.SelectMany(step => step.Metrics).Select(metric => metric.Quantity).Distinct()];
        foreach (string quantity in quantities)
        {
            (string Name, IReadOnlyList<(double, double)> Points)[] curves =
            [
                .. steps.SelectMany(step => step.Metrics.Where(m => m.Quantity == quantity).Select(m => (m.Run, step.Step, m.Value)))
                    .GroupBy(point => point.Run)
                    .Select(run => (run.Key, (IReadOnlyList<(double, double)>)[.. run.Select(point => ((double)point.Step, point.Value))])),
            ];
            string svg = LineChart.Svg(quantity, curves);
            if (svg.Length == 0)
            {
                continue;
            }
            html.Append(CultureInfo.InvariantCulture, $"<h2>{Escape(quantity)}</h2>\n<section class=\"card\">\n{svg}");
            if (curves.Any(curve => curve.Name.Length > 0))
            {
                IEnumerable<string> keys = curves.Select((curve, i) => $"<span><i class=\"c{i % 6}\"></i>{Escape(curve.Name)}</span>");
                html.Append(CultureInfo.InvariantCulture, $"<div class=\"legend\">{string.Concat(keys)}</div>\n");
            }
            html.Append("</section>\n");
        }
    }

    private static void Settings(StringBuilder html, IReadOnlyList<Setting> settings)
    {
        html.Append("<section class=\"card\"><table>\n");
        foreach (Setting setting in settings)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><th>{Escape(setting.Name)}</th><td>{Escape(setting.Value)}</td></tr>\n");
        }
        html.Append("</table></section>\n");
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
