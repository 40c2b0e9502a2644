namespace HyperKernels;

/// <summary>How much a hyperedge e of |e| members, of weight w, adds to each pair of them in a clique projection.</summary>
public enum CliqueWeights
{
    /// <summary>w: the weight of a pair counts the hyperedges that hold both.</summary>
    Count,

    /// <summary>w / |e|, as in <c>H W De^-1 H^T</c> (D. Zhou, J. Huang, B. Schölkopf, Learning with hypergraphs, 2006).</summary>
    PerMember,

    /// <summary>w / (|e| - 1): every node keeps its degree (M. Newman, Scientific collaboration networks II, 2001).</summary>
    PerOther,
}
