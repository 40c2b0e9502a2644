using System.Globalization;
using HyperKernels.IO;

namespace HyperKernels.Cli.Recipes;

/// <summary>The epoch of a run whose accuracy counts, so far.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Validation">The share of right answers there; not a number without nodes to validate on.</param>
/// <param name="Test">The share of right answers on the test nodes.</param>
/// <param name="BestTest">The most that any epoch had on the test nodes: no measure of a network, but what some papers report.</param>
internal sealed record NodeResult(long Epoch, double Validation, double Test, double BestTest)
{
    private const string Prefix = "result.";

    /// <summary>Results in the words of a checkpoint.</summary>
    public static Dictionary<string, string> Write(IReadOnlyList<NodeResult> results) => results
        .Select((r, i) => (Key: $"{Prefix}{i}", Text: string.Create(CultureInfo.InvariantCulture, $"{r.Epoch} {r.Validation:R} {r.Test:R} {r.BestTest:R}")))
        .ToDictionary(pair => pair.Key, pair => pair.Text);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static IEnumerable<NodeResult> Read(Checkpoint checkpoint)
    {
        for (int i = 0; checkpoint.Metadata.TryGetValue($"{Prefix}{i}", out string? text); i++)
        {
            string[] words = text.Split(' ');
            yield return new NodeResult(
                long.Parse(words[0], CultureInfo.InvariantCulture),
                double.Parse(words[1], CultureInfo.InvariantCulture),
                double.Parse(words[2], CultureInfo.InvariantCulture),
                words.Length > 3 ? double.Parse(words[3], CultureInfo.InvariantCulture) : double.NaN);
        }
    }
}
