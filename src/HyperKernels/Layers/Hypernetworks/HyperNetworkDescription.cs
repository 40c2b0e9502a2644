namespace HyperKernels.Layers;

/// <summary>What a file says about its hypernetwork, checked, before anything is made of it but the target.</summary>
/// <param name="Conditions">In the order in which values are given.</param>
/// <param name="Options">The other choices.</param>
/// <param name="Manifest">What is generated.</param>
/// <param name="Target">The target that the file describes, or one that only has its parameters; null if it was not wanted.</param>
internal sealed record HyperNetworkDescription(
    IReadOnlyList<Condition> Conditions, HyperNetworkOptions Options, TargetManifest Manifest, Layer? Target)
{
    /// <summary>Makes the hypernetwork, with weights that are to be overwritten.</summary>
    public HyperNetwork Make(Layer target) => HyperNetwork.For(target, Conditions, options: Options);

    /// <summary>Refuses a target that lacks what is generated.</summary>
    /// <exception cref="ArgumentException">A name is missing or a shape differs.</exception>
    public void CheckTarget(Layer target)
    {
        Dictionary<string, Shape> have = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter.Shape);
        foreach (ManifestEntry entry in Manifest.Entries)
        {
            if (!have.TryGetValue(entry.Name, out Shape found) || found != entry.Shape)
            {
                Throw.Argument($"HyperNetwork.Load: the target must have \"{entry.Name}\" {entry.Shape}; it has {(have.ContainsKey(entry.Name) ? found.ToString() : "no such parameter")}.");
            }
        }
    }
}
