using System.Globalization;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Looks for the smallest dimension at which a network reaches a share of its usual accuracy: doubles or halves until there is one on each side, then takes the geometric
/// middle. What a round tries follows from the rounds before it alone.
/// </summary>
/// <param name="name">The network's name.</param>
/// <param name="start">The first dimension to try.</param>
/// <param name="most">The largest.</param>
/// <param name="share">Of the usual accuracy.</param>
internal sealed class DimensionSearch(string name, int start, int most, double share)
{
    private readonly List<(int Dimension, double Accuracy)> _tried = [];

    public string Name => name;

    /// <summary>The accuracy with all weights trained; there once it is measured.</summary>
    public double Usual { get; private set; } = double.NaN;

    /// <summary>What a network has to reach.</summary>
    public double Threshold => share * Usual;

    /// <summary>What was tried, in the order of the rounds.</summary>
    public IReadOnlyList<(int Dimension, double Accuracy)> Tried => _tried;

    /// <summary>The smallest dimension that was enough; not a number if none was.</summary>
    public double Found => _tried.Where(Enough).Select(static t => (double)t.Dimension).DefaultIfEmpty(double.NaN).Min();

    /// <summary>What a round tries: 0 in the first, which trains all weights.</summary>
    public int Dimension(int round)
    {
        if (round == 0)
        {
            return 0;
        }
        (int Dimension, double Accuracy)[] before = [.. _tried.Take(round - 1)];
        int[] enough = [.. before.Where(Enough).Select(static t => t.Dimension)];
        int[] tooFew = [.. before.Where(t => !Enough(t)).Select(static t => t.Dimension)];
        return before.Length == 0 ? start
            : enough.Length == 0 ? Math.Min(2 * tooFew.Max(), most)
            : tooFew.Length == 0 ? Math.Max(enough.Min() / 2, 1)
            : (int)Math.Round(Math.Sqrt((double)enough.Min() * tooFew.Max()));
    }

    /// <summary>Takes what a round gave; the same round again changes nothing.</summary>
    public void Record(int round, double accuracy)
    {
        if (round == 0)
        {
            Usual = double.IsNaN(Usual) ? accuracy : Usual;
        }
        else if (round > _tried.Count)
        {
            _tried.Add((Dimension(round), accuracy));
        }
    }

    /// <summary>For a checkpoint's notes: the accuracies of all rounds so far.</summary>
    public string Note() => string.Join(' ', _tried.Select(static t => t.Accuracy).Prepend(Usual).Select(static number => number.ToString("R", CultureInfo.InvariantCulture)));

    /// <summary>Takes up what <see cref="Note"/> wrote.</summary>
    /// <exception cref="ArgumentException">The note is not one.</exception>
    public void Take(string? note)
    {
        _tried.Clear();
        Usual = double.NaN;
        foreach ((int round, string text) in (note ?? "").Split(' ').Index())
        {
            Record(round, double.TryParse(text, CultureInfo.InvariantCulture, out double accuracy)
                ? accuracy
                : throw new ArgumentException($"the search of \"{name}\" must be accuracies, round by round; it is \"{note}\"."));
        }
    }

    private bool Enough((int Dimension, double Accuracy) tried) => tried.Accuracy >= Threshold;
}
