using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Interchange;

/// <summary>PyTorch's <c>state_dict</c>s in safetensors files, into layers and out of them, under names that a <see cref="StateMap"/> maps.</summary>
/// <remarks>
/// In Python: <c>safetensors.torch.save_file(model.state_dict(), path)</c> and <c>model.load_state_dict(load_file(path))</c>. Pickles
/// (<c>.pt</c>) are not read: they run code.
/// </remarks>
public static class StateDictFile
{
    // How many names of a kind a message lists.
    private const int MostListed = 10;

    // Counts batches; PyTorch has it as an int64, and does without it.
    private const string Counter = "num_batches_tracked";

    /// <summary>Reads a file into a layer. A failure changes nothing.</summary>
    /// <param name="path">The file; values of any type that float32 can hold.</param>
    /// <param name="layer">Receives the values.</param>
    /// <param name="map">Whose names are whose; null means that they are the same.</param>
    /// <param name="partial">Takes what fits and leaves the rest as it is; shapes must agree all the same.</param>
    /// <returns>How many parameters and buffers were overwritten.</returns>
    /// <exception cref="ArgumentException">Something is missing, unexpected or of another shape; the message lists all three.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or holds a value that float32 cannot.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static int Load(string path, Layer layer, StateMap? map = null, bool partial = false)
    {
        IReadOnlyDictionary<string, HostArray> state = StateFile.Read(path);
        return Load(path, InOrder(state), layer, map, partial);
    }

    /// <summary>Puts a state dict into a layer, for example one that was read otherwise. A failure changes nothing.</summary>
    /// <param name="state">Arrays by name, in PyTorch's order if they are to be mapped by order.</param>
    /// <param name="layer">Receives the values.</param>
    /// <param name="map">Whose names are whose; null means that they are the same.</param>
    /// <param name="partial">Takes what fits and leaves the rest as it is; shapes must agree all the same.</param>
    /// <returns>How many parameters and buffers were overwritten.</returns>
    /// <exception cref="ArgumentException">Something is missing, unexpected or of another shape; the message lists all three.</exception>
    public static int Load(IReadOnlyDictionary<string, HostArray> state, Layer layer, StateMap? map = null, bool partial = false)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Load("the state", [.. state.Select(static named => (named.Key, named.Value))], layer, map, partial);
    }

    /// <summary>Writes a layer's state under PyTorch's names.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="map">Whose names are whose; null means that they are the same.</param>
    /// <param name="like">A file whose names and shapes are wanted: needed by order, and else checked if it is given.</param>
    /// <exception cref="ArgumentException">The names are not those of <paramref name="like"/>, two are the same, or by order there is no such file.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Save(string path, Layer layer, StateMap? map = null, string? like = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        map ??= StateMap.Same;
        if (map == StateMap.ByOrder && like is null)
        {
            throw new ArgumentException("StateDictFile.Save: names by order need a file that has them; give it as \"like\".", nameof(like));
        }
        IReadOnlyDictionary<string, HostArray> state = layer.GetState();
        (string Name, Shape Shape)[] ours = [.. state.Select(static own => (own.Key, own.Value.Shape))];
        (string Name, HostArray Array)[] wanted = like is null ? [] : InOrder(StateFile.Read(like));
        Dictionary<string, string> names = map.Match(ours, Shapes(wanted));
        if (like is not null)
        {
            Check($"StateDictFile.Save: {layer.GetType().Name} does not fit {like}", ours, Shapes(wanted), names, partial: false);
        }
        if (names.Values.GroupBy(static name => name).FirstOrDefault(static same => same.Count() > 1) is { } twice)
        {
            string owns = string.Join(", ", names.Where(pair => pair.Value == twice.Key).Select(static pair => $"\"{pair.Key}\""));
            throw new ArgumentException($"StateDictFile.Save: the map gives {owns} the same name \"{twice.Key}\".", nameof(map));
        }
        Safetensors.Write(
            path, names.Select(pair => Stored(pair.Value, state[pair.Key])), new Dictionary<string, string> { ["format"] = "pt" });
    }

    private static int Load(string source, (string Name, HostArray Array)[] theirs, Layer layer, StateMap? map, bool partial)
    {
        ArgumentNullException.ThrowIfNull(layer);
        List<(string Name, Shape Shape)> ours = [.. layer.GetState().Select(static own => (own.Key, own.Value.Shape))];
        Dictionary<string, HostArray> byName = theirs.ToDictionary(static their => their.Name, static their => their.Array);
        map ??= StateMap.Same;
        Dictionary<string, string> names = map.Match(ours, Shapes(theirs));
        AddTied(layer, map, byName, ours, names);
        Check($"StateDictFile.Load: {source} does not fit {layer.GetType().Name}", ours, Shapes(theirs), names, partial);
        Dictionary<string, HostArray> state = [];
        foreach ((string own, string their) in names)
        {
            if (byName.TryGetValue(their, out HostArray? array))
            {
                state.Add(own, array);
            }
        }
        return layer.LoadState(state, partial);
    }

    // What is used in several places may stand in the file under any of its names, or several.
    private static void AddTied(
        Layer layer, StateMap map, Dictionary<string, HostArray> theirs, List<(string Name, Shape Shape)> ours, Dictionary<string, string> names)
    {
        foreach (NamedParameter tied in layer.NamedParameters().Where(static named => named.Names.Count > 1))
        {
            (string Name, Shape Shape)[] all = [.. tied.Names.Select(name => (name, tied.Parameter.Shape))];
            if (map == StateMap.ByOrder)
            {
                continue;
            }
            Dictionary<string, string> found = map.Match(all, []).Where(pair => theirs.ContainsKey(pair.Value)).ToDictionary();
            if (found.Count > 0)
            {
                ours.RemoveAll(own => own.Name == tied.Name);
                names.Remove(tied.Name);
            }
            foreach ((string own, string their) in found)
            {
                ours.Add((own, tied.Parameter.Shape));
                names.Add(own, their);
            }
        }
    }

    private static void Check(
        string where, IReadOnlyList<(string Name, Shape Shape)> ours, (string Name, Shape Shape)[] theirs, Dictionary<string, string> names, bool partial)
    {
        Dictionary<string, Shape> have = theirs.ToDictionary(static their => their.Name, static their => their.Shape);
        List<string> missing = [];
        List<string> shapes = [];
        foreach ((string name, Shape shape) in ours)
        {
            string? their = names.GetValueOrDefault(name);
            string called = their is null || their == name ? $"\"{name}\"" : $"\"{name}\" (there {OneLine.Quote(their)})";
            if (their is null || !have.TryGetValue(their, out Shape found))
            {
                if (!partial && !IsCounter(name))
                {
                    missing.Add($"{called} {shape}");
                }
            }
            else if (found != shape)
            {
                shapes.Add($"{called} is {found}, {shape} is wanted");
            }
        }
        HashSet<string> used = [.. names.Values];
        string[] unexpected = partial
            ? []
            : [.. theirs.Where(their => !used.Contains(their.Name) && !IsCounter(their.Name)).Select(static their => $"{OneLine.Quote(their.Name)} {their.Shape}")];
        string[] kinds = [Listed("missing", missing), Listed("unexpected", unexpected), Listed("of another shape", shapes)];
        string mistakes = string.Join("; ", kinds.Where(static kind => kind.Length > 0));
        if (mistakes.Length > 0)
        {
            throw new ArgumentException($"{where}: {mistakes}.");
        }
    }

    private static string Listed(string kind, IReadOnlyList<string> names)
    {
        string more = names.Count > MostListed ? $" and {names.Count - MostListed} more" : string.Empty;
        return names.Count == 0 ? string.Empty : $"{kind}: {string.Join(", ", names.Take(MostListed))}{more}";
    }

    private static bool IsCounter(string name) => name == Counter || name.EndsWith($".{Counter}", StringComparison.Ordinal);

    private static (string Name, HostArray Array)[] InOrder(IReadOnlyDictionary<string, HostArray> state) =>
        [.. state.OrderBy(static named => named.Key, NaturalOrder.Instance).Select(static named => (named.Key, named.Value))];

    private static (string Name, Shape Shape)[] Shapes((string Name, HostArray Array)[] arrays) => [.. arrays.Select(static each => (each.Name, each.Array.Shape))];

    private static SafetensorsTensor Stored(string name, HostArray array)
    {
        if (IsCounter(name))
        {
            return SafetensorsTensor.From(name, Array.ConvertAll(array.Values, static value => (long)value));
        }
        long[] sizes = [.. array.Shape.AsSpan().ToArray().Select(static size => (long)size)];
        return SafetensorsTensor.From(name, array.Values, sizes);
    }
}
