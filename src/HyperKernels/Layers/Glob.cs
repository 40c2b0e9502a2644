namespace HyperKernels.Layers;

/// <summary>Patterns over dotted names, where <c>*</c> stands for any text (dots too) and <c>?</c> for one character.</summary>
internal static class Glob
{
    /// <summary>Whether a whole name fits a pattern.</summary>
    public static bool IsMatch(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int at = 0;
        int inName = 0;
        int star = -1;
        int starName = 0;
        while (inName < name.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                star = at++;
                starName = inName;
            }
            else if (at < pattern.Length && (pattern[at] == '?' || pattern[at] == name[inName]))
            {
                at++;
                inName++;
            }
            else if (star >= 0)
            {
                // The last star takes one character more.
                at = star + 1;
                inName = ++starName;
            }
            else
            {
                return false;
            }
        }
        return pattern[at..].TrimStart('*').IsEmpty;
    }

    /// <summary>The name that is the fewest edits away from another, or null if there are no names.</summary>
    public static string? Nearest(string name, IEnumerable<string> names)
    {
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in names)
        {
            int distance = Distance(name, candidate);
            if (distance < bestDistance)
            {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best;
    }

    // Levenshtein, one row at a time.
    private static int Distance(string from, string to)
    {
        int[] row = new int[to.Length + 1];
        for (int j = 0; j <= to.Length; j++)
        {
            row[j] = j;
        }
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int above = row[j];
                int swap = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                row[j] = Math.Min(swap, Math.Min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[^1];
    }
}
