using System.Globalization;
using System.Net;
using System.Text;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Recipes;

/// <summary>Points of two shares, from 0 to 1, with the line on which they are equal.</summary>
internal static class ScatterPicture
{
    private const int Side = 320;
    private const int Border = 44;

    public static Picture Of(string title, string words, string horizontal, string vertical, IReadOnlyList<(string Name, (double X, double Y)[] Points)> clouds)
    {
        StringBuilder svg = new();
        int width = (clouds.Count * (Side + Border)) + Border;
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {width} {Side + (2 * Border)}\" role=\"img\" aria-label=\"{Escape(title)}\" ");
        svg.Append("font-size=\"13\" fill=\"var(--soft)\">\n");
        for (int i = 0; i < clouds.Count; i++)
        {
            int left = Border + (i * (Side + Border));
            int bottom = Border + Side;
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{left}\" y=\"{Border}\" width=\"{Side}\" height=\"{Side}\" fill=\"none\" stroke=\"var(--line)\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{left}\" y1=\"{bottom}\" x2=\"{left + Side}\" y2=\"{Border}\" stroke=\"var(--line)\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left}\" y=\"{Border - 10}\">{Escape(clouds[i].Name)}</text>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left}\" y=\"{bottom + 20}\">0</text><text x=\"{left + Side - 8}\" y=\"{bottom + 20}\">1</text>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left + (Side / 2)}\" y=\"{bottom + 20}\" text-anchor=\"middle\">{Escape(horizontal)}</text>\n");
            foreach ((double x, double y) in clouds[i].Points)
            {
                (double px, double py) = (left + (Side * Math.Clamp(x, 0, 1)), bottom - (Side * Math.Clamp(y, 0, 1)));
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{px:F1}\" cy=\"{py:F1}\" r=\"3.5\" fill=\"var(--c{i % 6})\" fill-opacity=\"0.6\"/>\n");
            }
        }
        int middle = Border + (Side / 2);
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"16\" y=\"{middle}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {middle})\">{Escape(vertical)}</text>\n</svg>\n");
        return Picture.OfSvg(title, words, svg.ToString());
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
