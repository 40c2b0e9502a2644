using System.Runtime.InteropServices;

namespace HyperKernels.Layers;

public abstract partial class Layer
{
    // How many mistakes one message lists.
    private const int MostMistakes = 10;

    /// <summary>Copies all parameters and buffers out, by dotted name. Waits for the device.</summary>
    /// <returns>A snapshot in the order of PyTorch's state dictionary; a tied parameter stands under the first of its names.</returns>
    public IReadOnlyDictionary<string, HostArray> GetState()
    {
        Dictionary<string, HostArray> state = [];
        foreach (Place place in Places())
        {
            state.Add(place.Names[0], HostArray.Of(place.Value));
        }
        return state;
    }

    /// <summary>Overwrites parameters and buffers by dotted name. A failure changes nothing.</summary>
    /// <param name="state">
    /// Every parameter and buffer with its shape, and nothing else; a tied parameter under one or more of its names, with equal values.
    /// </param>
    /// <param name="partial">Takes the names that both have and leaves the rest as it is.</param>
    /// <returns>How many parameters and buffers were overwritten.</returns>
    /// <exception cref="ArgumentException">A name is missing or unexpected, a shape differs, or tied values differ; the message lists all.</exception>
    public int LoadState(IReadOnlyDictionary<string, HostArray> state, bool partial = false)
    {
        ArgumentNullException.ThrowIfNull(state);
        List<Place> places = Places();
        HashSet<string> known = [.. places.SelectMany(static place => place.Names)];
        List<string> unexpected = [.. state.Keys.Where(name => !known.Contains(name))];
        List<string> mistakes = [];
        List<(Tensor Target, HostArray Source)> copies = [];
        foreach (Place place in places)
        {
            HostArray? source = Source(place, state, mistakes);
            if (source is not null)
            {
                copies.Add((place.Value, source));
            }
            else if (!partial && !place.IsOptional)
            {
                mistakes.Add($"\"{place.Names[0]}\" {place.Value.Shape} is missing{Nearest("the state has", place.Names[0], unexpected, mistakes.Count)}");
            }
        }
        if (!partial)
        {
            foreach (string name in unexpected)
            {
                mistakes.Add($"\"{name}\" {state[name].Shape} is unexpected{Nearest("the layer has", name, known, mistakes.Count)}");
            }
        }
        if (mistakes.Count > 0)
        {
            string more = mistakes.Count > MostMistakes ? $"; and {mistakes.Count - MostMistakes} more" : "";
            Throw.Argument($"{GetType().Name}.LoadState: the state must fit the layer; {string.Join("; ", mistakes.Take(MostMistakes))}{more}.");
        }
        foreach ((Tensor target, HostArray source) in copies)
        {
            target.CopyFrom(source.Values);
        }
        return copies.Count;
    }

    private static HostArray? Source(Place place, IReadOnlyDictionary<string, HostArray> state, List<string> mistakes)
    {
        HostArray? source = null;
        foreach (string name in place.Names)
        {
            if (!state.TryGetValue(name, out HostArray? given))
            {
                continue;
            }
            if (given.Shape != place.Value.Shape)
            {
                mistakes.Add($"\"{name}\" must be {place.Value.Shape}, the state has {given.Shape}");
            }
            else if (source is not null && !SameBits(source.Values, given.Values))
            {
                mistakes.Add($"\"{place.Names[0]}\" and \"{name}\" are tied, the state has different values for them");
            }
            source ??= given;
        }
        return source;
    }

    // Looked for only where the message will show it: comparing thousands of names with thousands takes seconds.
    private static string Nearest(string who, string name, IEnumerable<string> names, int mistakes) =>
        mistakes < MostMistakes && Glob.Nearest(name, names) is { } nearest ? $" ({who} \"{nearest}\")" : string.Empty;

    private static bool SameBits(float[] left, float[] right) =>
        MemoryMarshal.AsBytes<float>(left).SequenceEqual(MemoryMarshal.AsBytes<float>(right));

    private List<Place> Places()
    {
        List<Place> places = [];
        Collect(string.Empty, places, []);
        return places;
    }

    // Own parameters, own buffers, then the children: PyTorch's order.
    private void Collect(string path, List<Place> places, Dictionary<Tensor, Place> seen, IReadOnlySet<Parameter>? excluded = null)
    {
        excluded = Excluded ?? excluded;
        foreach (NamedParameter own in _parameters)
        {
            if (!(excluded?.Contains(own.Parameter) ?? false))
            {
                AddPlace(path + own.Name, own.Parameter.OwnValue, isOptional: false);
            }
        }
        foreach (LayerBuffer buffer in _buffers)
        {
            AddPlace(path + buffer.Name, buffer.Value, buffer.IsOptional);
        }
        foreach ((string name, Layer child) in _children)
        {
            child.Collect($"{path}{name}.", places, seen, excluded);
        }

        void AddPlace(string name, Tensor value, bool isOptional)
        {
            if (seen.TryGetValue(value, out Place? first))
            {
                first.Names.Add(name);
                return;
            }
            Place place = new([name], value, isOptional);
            seen.Add(value, place);
            places.Add(place);
        }
    }

    private sealed record Place(List<string> Names, Tensor Value, bool IsOptional);
}
