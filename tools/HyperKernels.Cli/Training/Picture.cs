using System.Net;
using System.Text;

namespace HyperKernels.Cli.Training;

/// <summary>A picture of a run's report, under a heading of its own: images, a drawing, or curves over something else than the step.</summary>
/// <remarks>It is part of the page: the report stays one file that needs nothing else.</remarks>
internal sealed class Picture
{
    private Picture(string title, string words, string html)
    {
        Title = title;
        Words = words;
        Html = html;
    }

    /// <summary>The heading.</summary>
    public string Title { get; }

    /// <summary>What is to be seen, in a sentence; may be empty.</summary>
    public string Words { get; }

    /// <summary>What the page holds.</summary>
    public string Html { get; }

    /// <summary>Rows of small images, all of one size, each row with a label before it; their pixels stay visible as squares.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="words">What is to be seen.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="rows">Label, and grey values from 0 (black) to 1 (white), image after image.</param>
    public static Picture OfImages(string title, string words, int height, int width, IReadOnlyList<(string Label, float[] Pixels)> rows)
    {
        StringBuilder html = new("<table class=\"images\">\n");
        foreach ((string label, float[] pixels) in rows)
        {
            int count = pixels.Length / (height * width);
            byte[] png = PngFile.Grey(Strip(pixels, count, height, width), height, (count * (width + 1)) - 1);
            html.Append($"<tr><th>{Escape(label)}</th><td>{Image(png, $"{title}: {label}")}</td></tr>\n");
        }
        return new Picture(title, words, html.Append("</table>\n").ToString());
    }

    /// <summary>An image in PNG's format.</summary>
    public static Picture OfPng(string title, string words, byte[] png) => new(title, words, Image(png, title) + "\n");

    /// <summary>A drawing: an <c>svg</c> element, whose colours may be the page's variables, <c>var(--c0)</c> to <c>var(--c7)</c>.</summary>
    public static Picture OfSvg(string title, string words, string svg) => new(title, words, svg);

    /// <summary>What the page's own rules lay out; every text in it is escaped already.</summary>
    public static Picture OfHtml(string title, string words, string html) => new(title, words, html);

    /// <summary>Drawings beside each other where the page is wide enough, each under its name.</summary>
    /// <param name="title">The heading, which no other picture of the report has.</param>
    /// <param name="words">What is to be seen.</param>
    /// <param name="figures">Name and drawing, an <c>svg</c> element, of each.</param>
    public static Picture OfFigures(string title, string words, IReadOnlyList<(string Name, string Svg)> figures) => new(
        title,
        words,
        $"<div class=\"beside\">\n{string.Concat(figures.Select(static one => $"<figure><figcaption>{Escape(one.Name)}</figcaption>\n{one.Svg}</figure>\n"))}</div>\n");

    /// <summary>Curves over a quantity that is not the step.</summary>
    /// <param name="title">The heading, which no other picture of the report has.</param>
    /// <param name="words">What is to be seen.</param>
    /// <param name="horizontal">What the x axis shows.</param>
    /// <param name="vertical">What the y axis shows.</param>
    /// <param name="curves">Name and points of each.</param>
    public static Picture OfCurves(
        string title, string words, string horizontal, string vertical, IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> curves) =>
        new(title, words, LineChart.Svg(vertical, curves, horizontal, title));

    // One image beside the other, with a middle grey line between them.
    private static byte[] Strip(float[] pixels, int count, int height, int width)
    {
        int pitch = (count * (width + 1)) - 1;
        byte[] strip = new byte[height * pitch];
        Array.Fill(strip, (byte)127);
        for (int image = 0; image < count; image++)
        {
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    float value = pixels[(((image * height) + y) * width) + x];
                    strip[(y * pitch) + (image * (width + 1)) + x] = (byte)((Math.Clamp(value, 0, 1) * 255) + 0.5f);
                }
            }
        }
        return strip;
    }

    /// <summary>A PNG file as an element of the page.</summary>
    public static string Image(byte[] png, string words) => $"<img alt=\"{Escape(words)}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
