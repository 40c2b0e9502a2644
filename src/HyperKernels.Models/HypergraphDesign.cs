namespace HyperKernels.Models;

/// <summary>
/// Where a hypergraph system stands in the order of Kim and others, A Survey on Hypergraph Neural Networks: An In-Depth and Step-by-Step Guide
/// (KDD 2024, arXiv 2404.01039): what it reads, how messages are made and gathered, for whom, and how it is trained.
/// </summary>
/// <param name="Structure">What is made of the hypergraph before messages pass.</param>
/// <param name="Messages">Whether a hyperedge says the same to all of its members.</param>
/// <param name="Aggregation">Whether messages are gathered with fixed or learned weights.</param>
/// <param name="Targets">What gets a result.</param>
/// <param name="Training">What the published loss asks for.</param>
/// <param name="Features">What nodes begin with.</param>
public sealed record HypergraphDesign(
    HypergraphStructure Structure,
    HypergraphMessages Messages,
    HypergraphAggregation Aggregation,
    HypergraphTargets Targets = HypergraphTargets.Nodes,
    HypergraphTraining Training = HypergraphTraining.Supervised,
    HypergraphFeatures Features = HypergraphFeatures.Given);

/// <summary>What is made of the hypergraph before messages pass.</summary>
[Flags]
public enum HypergraphStructure
{
    /// <summary>The hypergraph as it is: messages pass from nodes to hyperedges and back, which is also called its star expansion.</summary>
    Hypergraph = 1,

    /// <summary>A graph on the same nodes that stands for the hyperedges, by all pairs of members or some.</summary>
    Clique = 2,

    /// <summary>A graph, or a hypergraph, on the hyperedges: line graph or dual.</summary>
    Line = 4,

    /// <summary>An adjacency tensor.</summary>
    Tensor = 8,

    /// <summary>An incidence that the system computes from features. The survey has no such place.</summary>
    Learned = 16,
}

/// <summary>Whether a hyperedge says the same to all of its members.</summary>
public enum HypergraphMessages
{
    /// <summary>No messages pass: counts, scores or losses.</summary>
    None,

    /// <summary>A hyperedge has one row, and a member's share of it differs by a factor at most.</summary>
    EdgeConsistent,

    /// <summary>A row for every member of every hyperedge.</summary>
    EdgeDependent,
}

/// <summary>Whether messages are gathered with fixed or learned weights.</summary>
public enum HypergraphAggregation
{
    /// <summary>Nothing is gathered.</summary>
    None,

    /// <summary>By sums, means and powers of degrees.</summary>
    Fixed,

    /// <summary>By attention, or another function of the messages with parameters.</summary>
    Learned,
}

/// <summary>What gets a result.</summary>
[Flags]
public enum HypergraphTargets
{
    /// <summary>Nodes.</summary>
    Nodes = 1,

    /// <summary>Hyperedges.</summary>
    Edges = 2,

    /// <summary>Memberships: a node in a hyperedge.</summary>
    Memberships = 4,

    /// <summary>Whole hypergraphs.</summary>
    Graphs = 8,
}

/// <summary>What the published loss asks for.</summary>
[Flags]
public enum HypergraphTraining
{
    /// <summary>Nothing is trained.</summary>
    None = 0,

    /// <summary>Given labels or values; also those of a teacher.</summary>
    Supervised = 1,

    /// <summary>What belongs together is to be alike, what does not is not.</summary>
    Contrastive = 2,

    /// <summary>Features, memberships or hyperedges are to be produced.</summary>
    Generative = 4,
}

/// <summary>What nodes begin with.</summary>
[Flags]
public enum HypergraphFeatures
{
    /// <summary>Features that the data bring along.</summary>
    Given = 1,

    /// <summary>Features made of the structure: degrees, random walks, positions.</summary>
    Structural = 2,

    /// <summary>Which node it is: a learned row each.</summary>
    Identity = 4,
}
