namespace HyperKernels;

/// <summary>What a <see cref="NeighbourSampler"/> drew, as plain lists that belong to no scope and no device.</summary>
public sealed class NeighbourDraw
{
    private readonly SampledHop[] _hops;

    internal NeighbourDraw(SampledHop[] hops) => _hops = hops;

    /// <summary>The nodes whose features the outermost hop begins with, the seeds first.</summary>
    public ReadOnlySpan<int> Nodes => _hops[^1].Nodes;

    /// <summary>The memberships of all hops.</summary>
    public int MembershipCount => _hops.Sum(static hop => hop.MembershipCount);

    /// <summary>Makes hypergraphs of the lists; their weights belong to the current scope.</summary>
    /// <param name="device">Where they go; null means that of the sampled hypergraph, or <see cref="Device.Default"/>.</param>
    public SampledHypergraph ToHypergraphs(Device? device = null) => new(Array.ConvertAll(_hops, hop => hop.ToHypergraph(device)));
}
