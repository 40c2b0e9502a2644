using System.Text;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Data;

/// <summary>A text as numbers of its symbols: the first nine tenths to train on, the rest to validate.</summary>
internal sealed class CharacterText
{
    private const int SentenceCount = 4_000;
    private static readonly string[] s_names = ["Anna", "Boris", "Clara", "David"];
    private static readonly string[] s_nouns = ["ship", "crown", "letter", "garden", "storm", "river", "horse", "candle"];
    private static readonly string[] s_adjectives = ["old", "pale", "silent", "golden", "bitter"];
    private static readonly string[] s_verbs = ["sees", "keeps", "fears", "praises", "forgets"];
    private static readonly string[] s_ends = [".", ".", "!", "?"];

    private CharacterText(string name, string text)
    {
        Name = name;
        Symbols = [.. text.Distinct().Order()];
        Dictionary<char, int> numbers = Symbols.Index().ToDictionary(symbol => symbol.Item, symbol => symbol.Index);
        int training = (int)(0.9 * text.Length);
        int[] all = [.. text.Select(character => numbers[character])];
        Training = all[..training];
        Validation = all[training..];
    }

    public string Name { get; }

    /// <summary>The symbols in the order of their codes.</summary>
    public IReadOnlyList<char> Symbols { get; }

    public int[] Training { get; }

    public int[] Validation { get; }

    /// <summary>One line for the report.</summary>
    public string Description => $"{Name}, {Symbols.Count} symbols, {Training.Length:N0} characters to train and {Validation.Length:N0} to validate";

    /// <summary>Reads <c>tinyshakespeare/input.txt</c> from the data folder, or makes sentences of a small grammar.</summary>
    /// <param name="options">The data folder, if any, and the seed.</param>
    /// <param name="least">The fewest characters that either part must have.</param>
    /// <exception cref="FileNotFoundException">The data folder lacks the file.</exception>
    /// <exception cref="InvalidDataException">The text is too short.</exception>
    public static CharacterText Load(TrainOptions options, int least)
    {
        if (options.Data is not { } folder)
        {
            return new CharacterText("sentences of a small grammar", Sentences(options.Seed));
        }
        string path = Path.Combine(folder, "tinyshakespeare", "input.txt");
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path} does not exist; --data must name the folder that holds tinyshakespeare/input.txt.");
        }
        CharacterText text = new("Tiny Shakespeare", File.ReadAllText(path, Encoding.UTF8));
        return Math.Min(text.Training.Length, text.Validation.Length) >= least
            ? text
            : throw new InvalidDataException(
                $"{path}: a tenth of the text, to validate on, must have at least {least:N0} characters; it has {text.Validation.Length:N0}.");
    }

    private static string Sentences(int seed)
    {
        SplitMix random = new(seed, 0);
        StringBuilder text = new();
        for (int i = 0; i < SentenceCount; i++)
        {
            // Subject, verb and object; who speaks is spoken of again at the end, so that there is something to remember.
            string speaker = Any(s_names, ref random);
            text.Append(speaker).Append(": The ").Append(Any(s_adjectives, ref random)).Append(' ').Append(Any(s_nouns, ref random)).Append(' ')
                .Append(Any(s_verbs, ref random)).Append(" the ").Append(Any(s_nouns, ref random)).Append(" of ").Append(speaker)
                .Append(Any(s_ends, ref random)).Append('\n');
        }
        return text.ToString();
    }

    private static string Any(string[] words, ref SplitMix random) => words[random.Below(words.Length)];
}
