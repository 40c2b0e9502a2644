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
}
