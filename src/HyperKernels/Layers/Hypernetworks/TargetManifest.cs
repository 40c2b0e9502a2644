namespace HyperKernels.Layers;

/// <summary>One generated tensor: its names in the target (several if it is tied), its shape, and its place in a flat weight set.</summary>
/// <param name="Names">Dotted names, the first in declaration order first.</param>
/// <param name="Shape">Its axes in the target.</param>
/// <param name="Role">What it does there.</param>
/// <param name="Offset">Its first element in a flat weight set of P values.</param>
public sealed record ManifestEntry(IReadOnlyList<string> Names, Shape Shape, ParameterRole Role, int Offset)
{
    /// <summary>The first name.</summary>
    public string Name => Names[0];

    /// <summary>Its number of elements.</summary>
    public int Count => (int)Shape.Count;
}

/// <summary>Everything a hypernetwork generates, in the target's declaration order, laid end to end.</summary>
public sealed class TargetManifest
{
    private readonly int[] _lengths;

    /// <summary>Lays tensors end to end.</summary>
    /// <param name="tensors">Names, shape and role of each.</param>
    /// <exception cref="ArgumentException">There are none, or more than 2^31 - 1 elements.</exception>
    public TargetManifest(IEnumerable<(IReadOnlyList<string> Names, Shape Shape, ParameterRole Role)> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        List<ManifestEntry> entries = [];
        long offset = 0;
        foreach ((IReadOnlyList<string> names, Shape shape, ParameterRole role) in tensors)
        {
            entries.Add(new ManifestEntry(names, shape, role, (int)Math.Min(offset, int.MaxValue)));
            offset += shape.Count;
        }
        if (entries.Count == 0 || offset > int.MaxValue)
        {
            Throw.Argument($"TargetManifest: between 1 and 2^31 - 1 generated values are needed; got {entries.Count} tensors with {offset} values.");
        }
        Entries = entries;
        _lengths = [.. entries.Select(static e => e.Count)];
        Count = (int)offset;
    }

    /// <summary>The tensors in order.</summary>
    public IReadOnlyList<ManifestEntry> Entries { get; }

    /// <summary>P: the number of generated values of one weight set.</summary>
    public int Count { get; }

    /// <summary>The manifest of a target's parameters.</summary>
    /// <param name="target">Any layer.</param>
    /// <param name="parameters">Which of them: a pattern over dotted names, <c>*.adapter.*</c>.</param>
    /// <param name="where">Which of those; null means all.</param>
    /// <exception cref="ArgumentException">No parameter matches; the message shows one that there is.</exception>
    public static TargetManifest Of(Layer target, string parameters = "*", Func<NamedParameter, bool>? where = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        return Of(Choose(target, parameters, where));
    }

    /// <summary>Writes the tensors into the settings of an emission, under the name <c>manifest</c>.</summary>
    public void Write(LayerSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.SetGroups("manifest", Entries, static (entry, group) =>
            group.Set("names", entry.Names).Set("shape", entry.Shape.AsSpan()).Set("role", entry.Role));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">The settings hold no manifest, or an entry without name, shape or role.</exception>
    public static TargetManifest Read(LayerSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new TargetManifest(settings.Groups("manifest", static group =>
        {
            IReadOnlyList<string> names = group.Texts("names");
            return names.Count > 0
                ? (names, new Shape(group.Ints("shape")), group.Choice<ParameterRole>("role"))
                : throw new FormatException("an entry of the manifest has no name.");
        }));
    }

    /// <summary>The lengths of the tensors in a flat weight set.</summary>
    internal ReadOnlySpan<int> Lengths => _lengths;

    internal static TargetManifest Of(IReadOnlyList<NamedParameter> generated) => new(generated.Select(static g => (g.Names, g.Parameter.Shape, g.Role)));

    internal static IReadOnlyList<NamedParameter> Choose(Layer target, string pattern, Func<NamedParameter, bool>? where)
    {
        IReadOnlyList<NamedParameter> all = target.NamedParameters();
        IReadOnlyList<NamedParameter> chosen = [.. target.Find(pattern).Where(named => where is null || where(named))];
        if (chosen.Count == 0)
        {
            string example = all.Count == 0 ? "it has no parameters" : $"the target has {all.Count}, for example \"{all[0].Name}\"";
            string wanted = where is null ? $"\"{pattern}\"" : $"\"{pattern}\" and the given condition";
            Throw.Argument($"HyperNetwork.For: no parameter matches {wanted}; {example}.");
        }
        return chosen;
    }

    /// <summary>The target's parameters that are generated, in the manifest's order.</summary>
    /// <exception cref="ArgumentException">One is missing, or has another shape.</exception>
    internal IReadOnlyList<NamedParameter> FindIn(Layer target, string where = "HyperNetwork")
    {
        Dictionary<string, NamedParameter> have = target.NamedParameters().ToDictionary(static named => named.Name);
        List<NamedParameter> found = [];
        foreach (ManifestEntry entry in Entries)
        {
            if (!have.TryGetValue(entry.Name, out NamedParameter? named) || named.Parameter.Shape != entry.Shape)
            {
                string got = named is null ? "no such parameter" : $"{named.Parameter.Shape}";
                Throw.Argument($"{where}: the target must have \"{entry.Name}\" {entry.Shape}; it has {got}.");
            }
            found.Add(named);
        }
        return found;
    }
}
