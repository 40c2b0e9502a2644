namespace HyperKernels.Layers;

/// <summary>How the output layer of a hypernetwork starts: the rows that generate each tensor, and the base weights.</summary>
/// <param name="Rows">Entry, width H and random stream to <c>[count, H]</c> values.</param>
/// <param name="Base">The base weights of an entry, or null for zeros.</param>
/// <param name="HasBase">Whether there are base weights at all: without them the hypernetwork is the plain, not the residual one.</param>
public sealed record EmissionScheme(
    Func<ManifestEntry, int, RandomStream?, float[]> Rows, Func<ManifestEntry, float[]?> Base, bool HasBase)
{
    /// <summary>Zeros everywhere, for values that a file replaces.</summary>
    internal static EmissionScheme Zeros(bool hasBase) => new(static (entry, width, _) => new float[(long)entry.Count * width], static _ => null, hasBase);
}
