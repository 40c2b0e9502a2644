namespace HyperKernels.IO;

/// <summary>Turns the names of a text file into numbers from 0: names are such numbers themselves, or words that are numbered as they are met.</summary>
internal sealed class IdNumbers(TextLines lines, string what, bool areWords, int firstId, int? given)
{
    /// <summary>What ids may leave unused: a short file must not ask for a large graph.</summary>
    internal const long MostUnused = 1 << 24;

    private readonly NameTable? _names = areWords ? new NameTable() : null;
    private int _largest = -1;

    public int Of(ReadOnlySpan<byte> field)
    {
        if (_names is not null)
        {
            return _names.Add(lines.Text(field));
        }
        int id = lines.Int(field, firstId, $"the id of a {what}") - firstId;
        if (id >= given)
        {
            throw lines.Fail($"the ids of {what}s must be below {(long)given.Value + firstId}; there is {BadFile.Quote(field)}.");
        }
        _largest = Math.Max(_largest, id);
        return id;
    }

    /// <summary>How many there are: as many as were given, else one more than the largest id.</summary>
    public int Count(int memberships)
    {
        int count = given ?? (_names?.Count ?? (_largest + 1));
        if (_names is not null && _names.Count > count)
        {
            throw BadFile.AtLine(lines.Path, lines.Number, $"there may be {count} {what}s; the file names {_names.Count}.");
        }
        if (given is null && count - (long)memberships > MostUnused)
        {
            throw BadFile.AtLine(
                lines.Path, lines.Number,
                $"the largest id of a {what} is {BadFile.N((long)_largest + firstId)}, with {BadFile.N(memberships)} memberships in all; "
                + $"give the number of {what}s if that is meant, or read ids as names.");
        }
        return count;
    }

    /// <summary>The words, filled up to a number of things that was given.</summary>
    public ElementNames? Names(int count)
    {
        for (int i = _names?.Count ?? count; i < count; i++)
        {
            _names!.Add($"{what} {i}");
        }
        return _names?.ToNames();
    }
}
