using System.Globalization;

namespace HyperKernels.Cases.Sized;

/// <summary>An op that can be timed at any sizes: which letters it wants, and how a subject is made of them.</summary>
/// <param name="Name">The op's name: <c>matmul</c>.</param>
/// <param name="Letters">The letters with their meaning, in the order of the op's own description.</param>
/// <param name="Make">Makes the inputs on a device, in the current scope.</param>
public sealed record SizedOp(string Name, IReadOnlyList<(string Letter, string Meaning)> Letters, Func<Sizes, Device, BenchSubject> Make)
{
    /// <summary>The letters as a person would type them: <c>B= M= K= N= (B batch, M rows, ...)</c>.</summary>
    public string Wanted =>
        $"{string.Join(' ', Letters.Select(l => l.Letter + "="))} ({string.Join(", ", Letters.Select(l => $"{l.Letter} {l.Meaning}"))})";

    /// <summary>Reads a text such as <c>B=64 I=128</c>.</summary>
    /// <exception cref="FormatException">A letter is unknown, missing or given twice, or its number is not a positive one.</exception>
    public Sizes Parse(string text)
    {
        Dictionary<string, int> values = [];
        string[] parts = text.Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (string part in parts)
        {
            string[] pair = part.Split('=');
            if (pair.Length != 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value < 1)
            {
                throw new FormatException($"\"{part}\" is not a letter and a positive number. {Name} wants {Wanted}.");
            }
            if (!Letters.Any(l => l.Letter == pair[0]))
            {
                throw new FormatException($"{Name} has no size \"{pair[0]}\". It wants {Wanted}.");
            }
            if (!values.TryAdd(pair[0], value))
            {
                throw new FormatException($"size {pair[0]} is given twice in \"{text}\".");
            }
        }
        string[] missing = [.. Letters.Select(l => l.Letter).Where(letter => !values.ContainsKey(letter))];
        if (missing.Length > 0)
        {
            throw new FormatException($"{Name} misses {string.Join(", ", missing)}. It wants {Wanted}.");
        }
        return new Sizes(string.Join(' ', parts), values);
    }
}

/// <summary>Sizes by letter.</summary>
/// <param name="Text">As they were given.</param>
/// <param name="Values">Positive numbers.</param>
public sealed record Sizes(string Text, IReadOnlyDictionary<string, int> Values)
{
    /// <summary>The size of a letter that the op declares.</summary>
    public int this[string letter] => Values[letter];
}
