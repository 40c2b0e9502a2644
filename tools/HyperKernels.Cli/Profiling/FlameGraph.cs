using System.Globalization;
using System.Net;
using System.Text;

namespace HyperKernels.Cli.Profiling;

/// <summary>Draws a <see cref="CallTree"/>: a bar a call, as wide as its time, what it calls beneath it. Light and dark; a bar's time stands in its title.</summary>
internal static class FlameGraph
{
    private const double Width = 1200;
    private const double Row = 18;
    private const double Margin = 10;
    private const double Head = 30;

    // Narrower bars cannot be seen, and letters are about so wide.
    private const double Narrowest = 0.5;
    private const double Letter = 6.6;

    public static string Svg(CallTree tree, string title)
    {
        double height = Head + (tree.Depth * Row) + Margin;
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" width="{Width}" height="{height}" role="img">
            <style>
            svg {"{"} font: 11px ui-monospace, Menlo, Consolas, monospace; background: #fff; color-scheme: light dark; {"}"}
            text {"{"} fill: #222; pointer-events: none; {"}"}
            @media (prefers-color-scheme: dark) {"{"} svg {"{"} background: #16181d; {"}"} text.head {"{"} fill: #ddd; {"}"} {"}"}
            </style>
            <text class="head" x="{Margin}" y="19">{WebUtility.HtmlEncode(title)}</text>

            """);
        Draw(svg, tree, Margin, Head, (Width - (2 * Margin)) / Math.Max(tree.Seconds, double.Epsilon), tree.Seconds);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Draw(StringBuilder svg, CallTree call, double x, double y, double scale, double all)
    {
        double width = call.Seconds * scale;
        if (width < Narrowest)
        {
            return;
        }
        string name = WebUtility.HtmlEncode(call.Name);
        svg.Append(CultureInfo.InvariantCulture,
            $"<g><title>{name}: {call.Seconds * 1e3:G4} ms, {call.Seconds / all:P1}</title>");
        svg.Append(CultureInfo.InvariantCulture,
            $"<rect x=\"{x:F2}\" y=\"{y:F0}\" width=\"{width:F2}\" height=\"{Row - 1}\" rx=\"1\" fill=\"{Colour(call)}\"/>");
        int letters = (int)((width - 4) / Letter);
        if (letters >= 3)
        {
            string shown = call.Name.Length <= letters ? call.Name : $"{call.Name[..(letters - 1)]}…";
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + 3:F2}\" y=\"{y + 13:F0}\">{WebUtility.HtmlEncode(shown)}</text>");
        }
        svg.Append("</g>\n");
        foreach (CallTree inner in call.Calls.OrderByDescending(static one => one.Seconds))
        {
            Draw(svg, inner, x, y + Row, scale, all);
            x += inner.Seconds * scale;
        }
    }

    // Of the name, so that one call has one colour everywhere: warm for calls, cool for ops.
    private static string Colour(CallTree call)
    {
        uint hash = 2166136261;
        foreach (char letter in call.Name)
        {
            hash = (hash ^ letter) * 16777619;
        }
        return call.Calls.Count == 0
            ? $"hsl({180 + (hash % 50)} 55% {62 + (hash / 50 % 12)}%)"
            : $"hsl({15 + (hash % 40)} 75% {64 + (hash / 40 % 12)}%)";
    }
}
