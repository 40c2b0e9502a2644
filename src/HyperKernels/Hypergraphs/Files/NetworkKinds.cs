namespace HyperKernels.IO;

/// <summary>How files name a kind.</summary>
internal static class NetworkKinds
{
    internal static string Name(this NetworkKind kind) => kind switch
    {
        NetworkKind.Undirected => "undirected",
        NetworkKind.Directed => "directed",
        NetworkKind.SimplicialComplex => "asc",
        _ => throw new ArgumentException($"HypergraphData: the kind must be one of {nameof(NetworkKind)}; got {kind}."),
    };

    internal static bool TryParse(string name, out NetworkKind kind)
    {
        for (kind = NetworkKind.Undirected; kind <= NetworkKind.SimplicialComplex; kind++)
        {
            if (kind.Name() == name)
            {
                return true;
            }
        }
        return false;
    }
}
