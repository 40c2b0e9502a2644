namespace HyperKernels.Models;

/// <summary>A place of the table that tells where hyperedges hide in maximal cliques.</summary>
/// <param name="Clique">n: the size of maximal cliques.</param>
/// <param name="Subset">k: the size of their subsets.</param>
/// <param name="Edges">How many k-subsets of n-cliques are hyperedges.</param>
/// <param name="Subsets">How many there are in all.</param>
public sealed record CliqueShare(int Clique, int Subset, long Edges, long Subsets)
{
    /// <summary><c>rho(n, k)</c>: the share that are hyperedges.</summary>
    public double Rho => (double)Edges / Subsets;
}
