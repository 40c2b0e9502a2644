namespace HyperKernels.Distributed;

/// <summary>What one training step of a two-layer HGNN on all nodes asks of each of some processes, in operations and bytes.</summary>
/// <param name="Processes">P.</param>
/// <param name="Nodes">N of the whole.</param>
/// <param name="Edges">E of the whole.</param>
/// <param name="Memberships">M of the whole.</param>
/// <param name="Features">F of a node.</param>
/// <param name="Hidden">H between the convolutions.</param>
/// <param name="Classes">C.</param>
/// <param name="Connectivity">km1 of the partition.</param>
public sealed record ScaleWork(int Processes, double Nodes, double Edges, double Memberships, int Features, int Hidden, int Classes, double Connectivity)
{
    // Of each convolution a sum over hyperedges and one over nodes, forward and backward.
    private const int Hops = 4;

    // A sum over hyperedges of each convolution, forward and backward, with rows of H or C numbers.
    private const int SumsOfEachWidth = 2;

    /// <summary>Nodes of a process.</summary>
    public double OwnNodes => Nodes / Processes;

    /// <summary>Memberships of a process.</summary>
    public double OwnMemberships => Memberships / Processes;

    /// <summary>Hyperedges of a process: one that lies in several counts in each.</summary>
    public double OwnEdges => (Edges + Connectivity) / Processes;

    /// <summary>Floating-point operations of a process: products with the weights, forward, for their gradients and for those of hidden rows, and sums.</summary>
    public double Flops => ProductFlops + (Hops * OwnMemberships * (Hidden + Classes));

    /// <summary>Those of products alone.</summary>
    public double ProductFlops => OwnNodes * ((4.0 * Features * Hidden) + (6.0 * Hidden * Classes));

    /// <summary>Bytes that sums over memberships read.</summary>
    public double GatheredBytes => sizeof(float) * Hops * OwnMemberships * (Hidden + Classes);

    /// <summary>Bytes of the features.</summary>
    public double FeatureBytes => sizeof(float) * OwnNodes * Features;

    /// <summary>Bytes of the rows of nodes and hyperedges that convolutions make, each once.</summary>
    public double RowBytes => sizeof(float) * (OwnNodes + OwnEdges) * (Hidden + Classes);

    /// <summary>Bytes that a process sends for hyperedges, on average: a row each way for each of its shares of the connectivity.</summary>
    public double HaloBytes => sizeof(float) * 2 * SumsOfEachWidth * (Hidden + Classes) * Connectivity / Processes;

    /// <summary>Bytes that a process sends for gradients of parameters, in the best way of adding them up.</summary>
    public double GradientBytes => sizeof(float) * 2.0 * (Processes - 1) / Processes * ((double)(Features + 1) * Hidden + ((double)(Hidden + 1) * Classes));

    /// <summary>Messages that a process sends, at most: every other process is met in both ways of every sum.</summary>
    public double Messages => 2 * 2 * SumsOfEachWidth * Math.Min(Processes - 1, Connectivity / Processes);

    /// <summary>The expected connectivity where each of k members of a hyperedge is in a part of the hyperedge's own, or at a rate anywhere.</summary>
    /// <param name="edges">E.</param>
    /// <param name="size">k.</param>
    /// <param name="parts">P.</param>
    /// <param name="elsewhere">The rate: 1 for nodes that are dealt out at random.</param>
    public static double ExpectedConnectivity(double edges, int size, int parts, double elsewhere)
    {
        double there = elsewhere / parts, home = 1 - elsewhere + there;
        return edges * (((parts - 1) * (1 - Math.Pow(1 - there, size))) + 1 - Math.Pow(1 - home, size) - 1);
    }
}
