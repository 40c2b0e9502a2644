namespace HyperKernels.Cases;

/// <summary>What the oracle of a <see cref="LayerCase"/> computes with: the layer's parameters by name, and its inputs.</summary>
public sealed class LayerArguments
{
    private readonly IReadOnlyList<string> _names;
    private readonly Plain[] _values;

    internal LayerArguments(IReadOnlyList<string> names, Plain[] values)
    {
        _names = names;
        _values = values;
    }

    /// <summary>A parameter by its dotted name in the layer.</summary>
    /// <exception cref="ArgumentException">The layer has none of that name.</exception>
    public Plain this[string name] =>
        Find(name) ?? throw new ArgumentException($"LayerArguments: there is no \"{name}\"; there are {string.Join(", ", _names)}.");

    /// <summary>A parameter by its dotted name, or null.</summary>
    public Plain? Find(string name)
    {
        for (int i = 0; i < _names.Count; i++)
        {
            if (_names[i] == name)
            {
                return _values[i];
            }
        }
        return null;
    }

    /// <summary>An input, counted from 0.</summary>
    public Plain Input(int i) => _values[_names.Count + i];

    /// <summary>The parameters below a name: those of a layer inside.</summary>
    public LayerArguments Of(string child)
    {
        string path = child + ".";
        int[] places = [.. Enumerable.Range(0, _names.Count).Where(i => _names[i].StartsWith(path, StringComparison.Ordinal))];
        return new([.. places.Select(i => _names[i][path.Length..])], [.. places.Select(i => _values[i]), .. _values[_names.Count..]]);
    }

    /// <summary>Further parameters, and then these.</summary>
    internal LayerArguments Before(IReadOnlyList<string> names, IReadOnlyList<Plain> values) => new([.. names, .. _names], [.. values, .. _values]);
}
