using System.Globalization;
using System.Net;
using System.Text;

namespace HyperKernels.Cli.Training;

/// <summary>Filters as a condition moves: a row for each filter, a column for each value of the condition.</summary>
internal static class FilterPicture
{
    // Pixels of the drawing for one weight.
    private const int Scale = 6;
    private const int Left = 26;
    private const int Top = 24;

    // The share of weights below full strength.
    private const double FullShare = 0.97;

    // Of positive and negative weights; the weight's size is how much they cover, so that zero is the page in light and dark.
    private static readonly (byte Red, byte Green, byte Blue) s_positive = (66, 132, 245);
    private static readonly (byte Red, byte Green, byte Blue) s_negative = (233, 116, 33);

    /// <summary>The drawing.</summary>
    /// <param name="name">Whose filters they are.</param>
    /// <param name="values">The condition's values.</param>
    /// <param name="unit">Behind every value: <c>°</c>.</param>
    /// <param name="weights">For each value the filters, <c>[filters, side, side]</c>.</param>
    /// <param name="side">Rows and columns of a filter.</param>
    public static string Svg(string name, IReadOnlyList<float> values, string unit, IReadOnlyList<float[]> weights, int side)
    {
        int filters = weights[0].Length / (side * side);
        int pitch = side + 1;
        (int width, int height) = (values.Count * pitch, filters * pitch);
        StringBuilder svg = new(string.Create(CultureInfo.InvariantCulture,
            $"<svg class=\"drawn\" viewBox=\"0 0 {Left + (width * Scale)} {Top + (height * Scale)}\" role=\"img\" aria-label=\"filters of {WebUtility.HtmlEncode(name)}\">\n"));
        // Every other label has room.
        for (int column = 0; column < values.Count; column += 2)
        {
            int middle = Left + (((column * pitch * 2) + side) * Scale / 2);
            svg.Append(string.Create(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"{middle}\" y=\"16\" text-anchor=\"middle\">{values[column]:0.#}{unit}</text>"));
        }
        for (int filter = 0; filter < filters; filter++)
        {
            int middle = Top + (((filter * pitch * 2) + side) * Scale / 2) + 5;
            svg.Append(string.Create(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"{Left - 8}\" y=\"{middle}\" text-anchor=\"end\">{filter}</text>"));
        }
        string png = Convert.ToBase64String(PngFile.ColourWithAlpha(Pixels(weights, filters, side, width, height), height, width));
        svg.Append($"\n<image x=\"{Left}\" y=\"{Top}\" width=\"{width * Scale}\" height=\"{height * Scale}\" href=\"data:image/png;base64,{png}\"/>\n");
        return svg.Append("</svg>\n").ToString();
    }

    private static byte[] Pixels(IReadOnlyList<float[]> weights, int filters, int side, int width, int height)
    {
        float[] sizes = [.. weights.SelectMany(static one => one).Select(MathF.Abs).Order()];
        // One outlier would leave all others pale.
        float full = Math.Max(sizes[(int)(FullShare * (sizes.Length - 1))], float.Epsilon);
        byte[] pixels = new byte[4 * width * height];
        for (int column = 0; column < weights.Count; column++)
        {
            for (int i = 0; i < filters * side * side; i++)
            {
                (int filter, int within) = Math.DivRem(i, side * side);
                (int row, int place) = Math.DivRem(within, side);
                float weight = Math.Clamp(weights[column][i] / full, -1, 1);
                (byte red, byte green, byte blue) = weight > 0 ? s_positive : s_negative;
                int at = 4 * ((((filter * (side + 1)) + row) * width) + (column * (side + 1)) + place);
                (pixels[at], pixels[at + 1], pixels[at + 2]) = (red, green, blue);
                // A trace of colour stays where a weight is zero, or a filter of none would look like a gap.
                pixels[at + 3] = (byte)(16 + (239 * MathF.Abs(weight)));
            }
        }
        return pixels;
    }
}
