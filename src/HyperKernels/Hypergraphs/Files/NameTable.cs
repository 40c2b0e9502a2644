namespace HyperKernels.IO;

/// <summary>Numbers names as they are met.</summary>
internal sealed class NameTable
{
    private readonly Dictionary<(string Text, bool IsNumber), int> _places = [];
    private readonly List<string> _texts = [];
    private readonly List<bool> _isNumber = [];

    public int Count => _texts.Count;

    /// <summary>The number of a name; the next one if it is new.</summary>
    public int Add(string text, bool isNumber = false)
    {
        if (!_places.TryGetValue((text, isNumber), out int place))
        {
            place = _texts.Count;
            _places.Add((text, isNumber), place);
            _texts.Add(text);
            _isNumber.Add(isNumber);
        }
        return place;
    }

    public ElementNames ToNames() => new([.. _texts], [.. _isNumber]);
}
