using System.Net;
using System.Text;

namespace HyperKernels.Cli.Training;

/// <summary>An image, and what networks read in it.</summary>
/// <param name="Pixels">Grey values from 0 to 1, row-major.</param>
/// <param name="Label">What stands under it first: the class, the angle.</param>
/// <param name="Answers">Who answered what, and whether that is right.</param>
internal sealed record DigitCard(float[] Pixels, string Label, IReadOnlyList<(string Name, string Answer, bool IsRight)> Answers);

/// <summary>Images with the answers of networks under them.</summary>
internal static class DigitCards
{
    /// <summary>The cards in rows, as many in a row as the page is wide; an empty picture where there is no card.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="words">What is to be seen.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="cards">The cards.</param>
    public static Picture Picture(string title, string words, int height, int width, IReadOnlyList<DigitCard> cards)
    {
        if (cards.Count == 0)
        {
            return Training.Picture.OfHtml(title, words, "");
        }
        StringBuilder html = new("<div class=\"cards\">\n");
        foreach (DigitCard card in cards)
        {
            byte[] grey = [.. card.Pixels.Select(static value => (byte)((Math.Clamp(value, 0, 1) * 255) + 0.5f))];
            html.Append($"<figure>{Training.Picture.Image(PngFile.Grey(grey, height, width), card.Label)}<figcaption><b>{WebUtility.HtmlEncode(card.Label)}</b>");
            foreach ((string name, string answer, bool isRight) in card.Answers)
            {
                html.Append($"<span class=\"{(isRight ? "right" : "wrong")}\">{WebUtility.HtmlEncode($"{name} {answer}")} {(isRight ? "✓" : "✗")}</span>");
            }
            html.Append("</figcaption></figure>\n");
        }
        return Training.Picture.OfHtml(title, words, html.Append("</div>\n").ToString());
    }
}
