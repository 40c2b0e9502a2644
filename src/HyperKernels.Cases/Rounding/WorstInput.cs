using System.Globalization;

namespace HyperKernels.Cases;

/// <summary>
/// An input where an op's error was largest, as a line of text: <c>exp: 0x42B17218</c>, <c>power: 0x3F800001 0x4B189680</c>, <c>matmul(A=[5, 7] B=[7, 3]): draw 17</c>.
/// </summary>
/// <param name="Name">The op, or the row of the catalogue.</param>
/// <param name="A">The first number, of a function.</param>
/// <param name="B">The second, where it has two.</param>
/// <param name="Draw">Which draw of the row's values, of sums and products.</param>
public sealed record WorstInput(string Name, float? A, float? B, int? Draw)
{
    private const string DrawWord = "draw ";

    /// <summary>Reads a line.</summary>
    /// <exception cref="FormatException">The line is none.</exception>
    public static WorstInput Parse(string line)
    {
        int colon = line.LastIndexOf(": ", StringComparison.Ordinal);
        if (colon < 0)
        {
            throw new FormatException($"a worst input is \"op: 0x3F800000\" or \"row: draw 3\"; got \"{line}\".");
        }
        (string name, string rest) = (line[..colon], line[(colon + 2)..]);
        if (rest.StartsWith(DrawWord, StringComparison.Ordinal))
        {
            return new WorstInput(name, null, null, int.Parse(rest[DrawWord.Length..], CultureInfo.InvariantCulture));
        }
        float[] values = [.. rest.Split(' ').Select(word => BitConverter.UInt32BitsToSingle(uint.Parse(word[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)))];
        return new WorstInput(name, values[0], values.Length > 1 ? values[1] : null, null);
    }

    /// <summary>The name of the op.</summary>
    public string Op => Name.Split('(')[0];

    /// <summary>The op's error with this input on every device, in the unit of its results.</summary>
    /// <exception cref="FormatException">The catalogue has no such op or row.</exception>
    public IReadOnlyList<double> Errors(IReadOnlyList<Device> devices)
    {
        OpCase row = Catalogue.Ops.FirstOrDefault(row => Draw is null ? row.Op == Name && row.Scalar is not null : row.Name == Name && row.Terms is not null && row.Scalar is null)
            ?? throw new FormatException($"the catalogue has no {Name}; `hyperkernels ops --ulp --worst FILE` writes the inputs anew.");
        return Draw is { } draw ? TermsRounding.Errors(row, devices, draw) : [.. devices.Select(device => FunctionRounding.Error(row, device, A ?? 0, B ?? 0))];
    }

    /// <summary>The line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Name}: {(Draw is { } draw ? $"{DrawWord}{draw}" : string.Join(' ', new[] { A, B }.OfType<float>().Select(Bits)))}");

    private static string Bits(float value) => $"0x{BitConverter.SingleToUInt32Bits(value):X8}";
}
