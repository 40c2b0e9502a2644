namespace HyperKernels.Layers;

/// <summary>Stands for a target whose class is not known: it has the parameters under their names, and cannot be run.</summary>
internal sealed class UnknownLayer : Layer
{
    public UnknownLayer(TargetManifest manifest)
        : this([.. manifest.Entries.SelectMany(static entry => Named(entry))])
    {
    }

    private UnknownLayer(IReadOnlyList<(string Name, Shape Shape, ParameterRole Role, Parameter?[] Shared)> parameters)
    {
        foreach ((string name, Shape shape, ParameterRole role, Parameter?[] shared) in parameters
            .Where(static p => !p.Name.Contains('.', StringComparison.Ordinal)))
        {
            // The first name makes the parameter, further names of a tied one share it.
            shared[0] = shared[0] is { } made ? AddParameter(name, made, role) : AddParameter(name, shape, Initializer.Zeros, role: role);
        }
        foreach (IGrouping<string, (string Name, Shape Shape, ParameterRole Role, Parameter?[] Shared)> child in parameters
            .Where(static p => p.Name.Contains('.', StringComparison.Ordinal))
            .GroupBy(static p => p.Name[..p.Name.IndexOf('.', StringComparison.Ordinal)]))
        {
            Add(child.Key, new UnknownLayer([.. child.Select(p => (p.Name[(child.Key.Length + 1)..], p.Shape, p.Role, p.Shared))]));
        }
    }

    private static IEnumerable<(string, Shape, ParameterRole, Parameter?[])> Named(ManifestEntry entry)
    {
        Parameter?[] shared = new Parameter?[1];
        return entry.Names.Select(name => (name, entry.Shape, entry.Role, shared));
    }
}
