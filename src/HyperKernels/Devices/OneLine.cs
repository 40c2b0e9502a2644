namespace HyperKernels;

/// <summary>What files say, in messages: on one line, and no longer than somebody reads, so that a file can neither fill a log nor write lines of its own into it.</summary>
internal static class OneLine
{
    private const int Longest = 1_000;
    private const int LongestName = 80;

    /// <summary>A text with a question mark for what is no letter of a line, and dots for what is beyond a length.</summary>
    public static string Of(string text, int most = Longest)
    {
        ReadOnlySpan<char> head = text.AsSpan(0, Math.Min(text.Length, most));
        string line = string.Create(head.Length, head, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = char.IsControl(from[i]) || char.IsSurrogate(from[i]) || from[i] is '\u2028' or '\u2029' ? '?' : from[i];
            }
        });
        return text.Length > head.Length ? $"{line}..." : line;
    }

    /// <summary>A name in quotes, short.</summary>
    public static string Quote(string name) => $"\"{Of(name, LongestName)}\"";
}
