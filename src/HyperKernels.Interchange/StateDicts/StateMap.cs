namespace HyperKernels.Interchange;

/// <summary>Which name of a state dict belongs to which parameter or buffer of a layer. Works in both directions.</summary>
public sealed class StateMap
{
    private readonly Func<string, string>? _theirs;

    private StateMap(Func<string, string>? theirs) => _theirs = theirs;

    /// <summary>Names are the same: those of layers here are PyTorch's.</summary>
    public static StateMap Same { get; } = new(static name => name);

    /// <summary>
    /// By order and shape: of the modules whose parts have the same names and shapes (<c>weight [10, 4]</c>, <c>bias [10]</c>) the first belongs to the
    /// first, and so on; what is left over then part by part, at last by shape alone. Safetensors files do not keep PyTorch's order: there names are
    /// sorted, numbers in them by value.
    /// </summary>
    public static StateMap ByOrder { get; } = new(null);

    /// <summary>Their names have something in front: <c>model.</c></summary>
    /// <param name="prefix">What, with its dot.</param>
    public static StateMap Prefixed(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return new StateMap(name => prefix + name);
    }

    /// <summary>A rule of your own.</summary>
    /// <param name="theirs">Gives for a name here the name there.</param>
    public static StateMap Of(Func<string, string> theirs)
    {
        ArgumentNullException.ThrowIfNull(theirs);
        return new StateMap(theirs);
    }

    /// <summary>A table; names that it lacks are the same.</summary>
    /// <param name="theirs">By name here the name there. A name without its last part (<c>0</c>) stands for all below it (<c>0.weight</c>).</param>
    public static StateMap Of(IReadOnlyDictionary<string, string> theirs)
    {
        ArgumentNullException.ThrowIfNull(theirs);
        return new StateMap(name =>
        {
            for (int end = name.Length; end > 0; end = name.LastIndexOf('.', end - 1))
            {
                if (theirs.TryGetValue(name[..end], out string? found))
                {
                    return found + name[end..];
                }
            }
            return name;
        });
    }

    /// <summary>Finds for each name here the name there.</summary>
    /// <returns>By name here; by order, only those that were found.</returns>
    internal Dictionary<string, string> Match(IReadOnlyList<(string Name, Shape Shape)> ours, IReadOnlyList<(string Name, Shape Shape)> theirs)
    {
        if (_theirs is not null)
        {
            return ours.ToDictionary(static own => own.Name, own => _theirs(own.Name));
        }
        Dictionary<string, string> matches = [];
        HashSet<string> taken = [];
        PairModules();
        Pair(LastPart);
        Pair(static _ => string.Empty);
        return matches;

        // What stands below one name and has the same parts and shapes.
        void PairModules()
        {
            ILookup<string, Module> found = Modules(theirs).ToLookup(static module => module.Signature);
            foreach (IGrouping<string, Module> group in Modules(ours).GroupBy(static module => module.Signature))
            {
                foreach ((Module own, Module their) in group.Zip(found[group.Key]))
                {
                    foreach ((string ownName, string theirName) in own.Names.Zip(their.Names))
                    {
                        matches.Add(ownName, theirName);
                        taken.Add(theirName);
                    }
                }
            }
        }

        void Pair(Func<string, string> key)
        {
            ILookup<(string, Shape), string> found = theirs
                .Where(their => !taken.Contains(their.Name))
                .ToLookup(their => (key(their.Name), their.Shape), static their => their.Name);
            IEnumerable<(string Name, Shape Shape)> left = ours.Where(own => !matches.ContainsKey(own.Name)).ToArray();
            foreach (IGrouping<(string, Shape), string> group in left.GroupBy(own => (key(own.Name), own.Shape), static own => own.Name))
            {
                foreach ((string own, string their) in group.Zip(found[group.Key]).ToArray())
                {
                    matches.Add(own, their);
                    taken.Add(their);
                }
            }
        }
    }

    private static string LastPart(string name) => name[(name.LastIndexOf('.') + 1)..];

    private static IEnumerable<Module> Modules(IReadOnlyList<(string Name, Shape Shape)> tensors) => tensors
        .GroupBy(static tensor => tensor.Name[..Math.Max(0, tensor.Name.LastIndexOf('.'))])
        .Select(static module =>
        {
            (string Name, Shape Shape)[] parts = [.. module.OrderBy(static part => LastPart(part.Name), StringComparer.Ordinal)];
            return new Module([.. parts.Select(static part => part.Name)], string.Join(' ', parts.Select(static part => $"{LastPart(part.Name)}{part.Shape}")));
        });

    private sealed record Module(string[] Names, string Signature);
}
