using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A parameter for every tensor of a manifest, of its shape and under its dotted name.</summary>
internal sealed class ManifestTree : Layer
{
    private readonly Dictionary<string, ManifestTree> _branches = [];

    /// <param name="manifest">Names and shapes.</param>
    /// <param name="initializer">Draws the first values of an entry, which is given by its place.</param>
    /// <param name="random">Where they come from; null means <see cref="Initializer.Random"/>.</param>
    public ManifestTree(TargetManifest manifest, Func<int, Initializer> initializer, RandomStream? random)
    {
        InOrder = [.. manifest.Entries.Select((entry, i) => Plant(entry.Name, entry, initializer(i), random))];
    }

    private ManifestTree()
    {
    }

    /// <summary>The parameters in the manifest's order.</summary>
    public IReadOnlyList<Parameter> InOrder { get; } = [];

    private Parameter Plant(string path, ManifestEntry entry, Initializer initializer, RandomStream? random)
    {
        int dot = path.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            return AddParameter(path, entry.Shape, initializer, random, entry.Role);
        }
        string name = path[..dot];
        if (!_branches.TryGetValue(name, out ManifestTree? branch))
        {
            branch = Add(name, new ManifestTree());
            _branches.Add(name, branch);
        }
        return branch.Plant(path[(dot + 1)..], entry, initializer, random);
    }
}
