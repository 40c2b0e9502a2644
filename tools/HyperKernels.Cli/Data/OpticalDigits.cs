using System.Globalization;

namespace HyperKernels.Cli.Data;

/// <summary>Alpaydin and Kaynak's optical digits of 8 by 8 (UCI data set 80): two text files, an image a line, 64 numbers from 0 to 16 and the label.</summary>
internal static class OpticalDigits
{
    private const int Side = 8;
    private const int Pixels = Side * Side;
    private const int Darkest = 16;

    /// <summary>Reads both sets: 3,823 digits of thirty writers, and 1,797 of thirteen others.</summary>
    /// <param name="data">The folder of all data sets.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A line is no image.</exception>
    public static DigitData Load(string data)
    {
        string folder = Path.Combine(data, "optdigits");
        return new DigitData(Read(Path.Combine(folder, "optdigits.tra"), "optical digits"), Read(Path.Combine(folder, "optdigits.tes"), "optical digits, test"));
    }

    private static ImageSet Read(string path, string name)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path} does not exist; --data must name the folder that holds optdigits/optdigits.tra and optdigits/optdigits.tes.");
        }
        string[] lines = [.. File.ReadLines(path).Where(static line => line.Length > 0)];
        byte[] pixels = new byte[lines.Length * Pixels];
        byte[] labels = new byte[lines.Length];
        for (int i = 0; i < lines.Length; i++)
        {
            string[] numbers = lines[i].Split(',');
            for (int p = 0; p < Pixels && numbers.Length == Pixels + 1; p++)
            {
                pixels[(i * Pixels) + p] = (byte)(byte.MaxValue * Number(path, i, numbers[p], Darkest) / Darkest);
            }
            labels[i] = numbers.Length == Pixels + 1
                ? (byte)Number(path, i, numbers[Pixels], ImageSet.Classes - 1)
                : throw new InvalidDataException($"{path}, line {i + 1}: a line must be {Pixels + 1} numbers; there are {numbers.Length}.");
        }
        return new ImageSet(name, pixels, labels, Side, Side);
    }

    private static int Number(string path, int line, string text, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= most
            ? number
            : throw new InvalidDataException($"{path}, line {line + 1}: a number must be from 0 to {most}; it is \"{text}\".");
}
