using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The state dictionary of another library's model, taken apart tensor by tensor until nothing is left.</summary>
internal sealed class LibraryState
{
    private const int MostNames = 8;

    private readonly string _where;
    private readonly string _path;
    private readonly string _prefix;
    private readonly IReadOnlyDictionary<string, HostArray> _all;
    private readonly SortedDictionary<string, HostArray> _left = new(StringComparer.Ordinal);

    private LibraryState(string where, string path, string prefix, IReadOnlyDictionary<string, HostArray> all)
    {
        _where = where;
        _path = path;
        _prefix = prefix;
        _all = all;
        foreach ((string name, HostArray values) in all)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                _left.Add(name[prefix.Length..], values);
            }
        }
    }

    /// <summary>Reads a file.</summary>
    /// <param name="where">Who asks, for messages.</param>
    /// <param name="path">A safetensors file.</param>
    /// <param name="prefix">What the names of the hypernetwork begin with; other tensors are left alone.</param>
    public static LibraryState Open(string where, string path, string prefix) => new(where, path, prefix, StateFile.Read(path));

    /// <summary>Whether there is a tensor of that name.</summary>
    public bool Has(string name) => _left.ContainsKey(name);

    /// <summary>Looks at a tensor that is there.</summary>
    public HostArray Peek(string name) => _left[name];

    /// <summary>Takes a tensor.</summary>
    /// <exception cref="InvalidDataException">There is none of that name.</exception>
    public HostArray Take(string name) => _left.Remove(name, out HostArray? values)
        ? values
        : throw new InvalidDataException(
            $"{_where}: {_path} must hold {OneLine.Quote(_prefix + name)}; it has {Names(_all.Keys)}. "
            + "If the hypernetwork is part of a larger model, give the prefix of its names.");

    /// <summary>Takes a matrix.</summary>
    /// <exception cref="InvalidDataException">There is none of that name, or it is no matrix, or it has other sides than those given.</exception>
    public HostArray TakeMatrix(string name, int? rows = null, int? columns = null)
    {
        HostArray values = Take(name);
        return values.Shape.Rank == 2 && (rows ?? values.Shape[0]) == values.Shape[0] && (columns ?? values.Shape[1]) == values.Shape[1]
            ? values
            : throw Wrong(name, $"[{rows?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "rows"}, "
                + $"{columns?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "columns"}]", values.Shape);
    }

    /// <summary>Takes a vector of a length.</summary>
    /// <exception cref="InvalidDataException">There is none of that name, or it has another shape.</exception>
    public HostArray TakeVector(string name, int length)
    {
        HostArray values = Take(name);
        return values.Shape == [length] ? values : throw Wrong(name, $"[{length}]", values.Shape);
    }

    /// <summary>Drops tensors that mean nothing here.</summary>
    public void Drop(Func<string, bool> isNothing)
    {
        foreach (string name in _left.Keys.Where(isNothing).ToArray())
        {
            _left.Remove(name);
        }
    }

    /// <summary>Loads the parameters and buffers of a target that are not generated, if the file's names for them are known.</summary>
    /// <exception cref="InvalidDataException">One is missing, or has another shape.</exception>
    public void LoadTarget(HyperNetwork network, string? targetPrefix)
    {
        if (targetPrefix is null)
        {
            return;
        }
        HashSet<string> generated = [.. network.Manifest.Entries.SelectMany(static entry => entry.Names)];
        Dictionary<string, HostArray> own = [];
        foreach ((string name, HostArray values) in network.Target.GetState().Where(pair => !generated.Contains(pair.Key)))
        {
            if (!_all.TryGetValue(targetPrefix + name, out HostArray? theirs) || theirs.Shape != values.Shape)
            {
                throw new InvalidDataException(
                    $"{_where}: {_path} must hold \"{targetPrefix}{name}\" {values.Shape}, which the target has and the hypernetwork does not generate; "
                    + $"it has {theirs?.Shape.ToString() ?? "no such tensor"}.");
            }
            own.Add(name, theirs);
            if (targetPrefix.StartsWith(_prefix, StringComparison.Ordinal))
            {
                _left.Remove((targetPrefix + name)[_prefix.Length..]);
            }
        }
        network.Target.LoadState(own, partial: true);
    }

    /// <summary>Checks that nothing is left.</summary>
    /// <param name="make">What hypernetworks of the library have, for the message.</param>
    /// <exception cref="InvalidDataException">Something is left.</exception>
    public void Finish(string make)
    {
        if (_left.Count > 0)
        {
            throw new InvalidDataException($"{_where}: {_path} must hold nothing but {make}; it also has {Names(_left.Keys.Select(name => _prefix + name))}.");
        }
    }

    /// <summary>What to throw where shapes do not fit.</summary>
    public InvalidDataException Wrong(string name, string wanted, Shape got) => new($"{_where}: {_path}: \"{_prefix}{name}\" must be {wanted}; it is {got}.");

    /// <summary>What to throw where the whole does not fit.</summary>
    public InvalidDataException Wrong(string what) => new($"{_where}: {_path}: {what}");

    private static string Names(IEnumerable<string> names)
    {
        string[] all = [.. names];
        string more = all.Length > MostNames ? $" and {all.Length - MostNames} more" : "";
        return all.Length == 0 ? "nothing" : string.Join(", ", all.Take(MostNames).Select(OneLine.Quote)) + more;
    }
}
