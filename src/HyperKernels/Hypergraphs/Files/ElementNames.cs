using System.Collections;

namespace HyperKernels.IO;

/// <summary>Names of nodes or hyperedges in the order of their numbers. Immutable.</summary>
/// <remarks>
/// Files name by words or by whole numbers, and to some the word <c>"2"</c> and the number <c>2</c> are two names: each name knows what it was.
/// </remarks>
public sealed class ElementNames : IReadOnlyList<string>
{
    private readonly string[] _texts;
    private readonly bool[]? _isNumber;
    private readonly Lazy<Dictionary<(string, bool), int>> _places;

    /// <summary>Takes words.</summary>
    /// <param name="words">One for each node or hyperedge; the same may stand twice, as people's names do, where a format does not name by it.</param>
    public ElementNames(IEnumerable<string> words)
        : this([.. words], null)
    {
    }

    internal ElementNames(string[] texts, bool[]? isNumber)
    {
        _texts = texts;
        _isNumber = isNumber is not null && isNumber.Contains(true) ? isNumber : null;
        _places = new Lazy<Dictionary<(string, bool), int>>(Places);
    }

    /// <summary>How many there are.</summary>
    public int Count => _texts.Length;

    /// <summary>The name of a number.</summary>
    public string this[int index] => _texts[Throw.IfNoPlace("ElementNames", index, _texts.Length)];

    /// <summary>Whether the name is a whole number rather than a word.</summary>
    public bool IsNumber(int index) => _isNumber is not null && _isNumber[Throw.IfNoPlace("ElementNames", index, _isNumber.Length)];

    /// <summary>A name that stands twice, or null.</summary>
    internal string? Repeated => _places.Value.Count == Count ? null : _texts.Where((text, i) => _places.Value[(text, IsNumber(i))] != i).First();

    /// <summary>The number of a name, as a word or else as a number, the first where it stands twice; -1 if there is none.</summary>
    public int IndexOf(string name) =>
        _places.Value.TryGetValue((name, false), out int place) || _places.Value.TryGetValue((name, true), out place) ? place : -1;

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator() => ((IEnumerable<string>)_texts).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private Dictionary<(string, bool), int> Places()
    {
        Dictionary<(string, bool), int> places = new(_texts.Length);
        for (int i = 0; i < _texts.Length; i++)
        {
            places.TryAdd((_texts[i], IsNumber(i)), i);
        }
        return places;
    }
}
