using HyperKernels.Cli.Data;

namespace HyperKernels.Cli.Recipes;

/// <summary>Accuracies to compare with, in percent: published ones, and those of PyTorch on the same files; not a number where there is none.</summary>
internal static class NodeTargets
{
    private const double None = double.NaN;

    /// <summary>The published accuracy, as a share, and PyTorch's.</summary>
    /// <remarks>
    /// Published splits: the papers of HyperGCN and PhenomNN. Half of the nodes: the paper of ED-HNN, whose random splits are others.
    /// </remarks>
    public static (double Published, double PyTorch) Of(string set, NodeProtocol protocol, string model)
    {
        (double published, double pyTorch) = (set, protocol, model) switch
        {
            ("cora-cocitation", NodeProtocol.Published, "mlp") => (None, 58.6),
            ("cora-cocitation", NodeProtocol.Published, "hgnn") => (67.6, 70.2),
            ("cora-cocitation", NodeProtocol.Published, "hypergcn") => (67.6, None),
            ("cora-cocitation", NodeProtocol.Half, "mlp") => (75.2, 74.3),
            ("cora-cocitation", NodeProtocol.Half, "hgnn") => (79.39, 79.7),
            ("cora-cocitation", NodeProtocol.Half, "allset") => (78.58, None),
            ("cora-cocitation", NodeProtocol.Half, "unigcnii") => (78.8, None),
            ("cora-cocitation", NodeProtocol.Half, "edhnn") => (80.31, 81.0),
            ("cora-coauthorship", NodeProtocol.Published, "mlp") => (None, 58.6),
            ("cora-coauthorship", NodeProtocol.Published, "hgnn") => (68.1, 73.1),
            ("cora-coauthorship", NodeProtocol.Published, "hypergcn") => (69.9, None),
            ("cora-coauthorship", NodeProtocol.Published, "phenomnn") => (77.1, None),
            ("cora-coauthorship", NodeProtocol.Half, "mlp") => (None, 74.3),
            ("cora-coauthorship", NodeProtocol.Half, "hgnn") => (82.64, 83.1),
            ("cora-coauthorship", NodeProtocol.Half, "allset") => (83.63, None),
            ("cora-coauthorship", NodeProtocol.Half, "unigcnii") => (83.6, None),
            ("cora-coauthorship", NodeProtocol.Half, "edhnn") => (83.97, 84.7),
            ("citeseer-cocitation", NodeProtocol.Published, "mlp") => (None, 58.8),
            ("citeseer-cocitation", NodeProtocol.Published, "hgnn") => (62.6, 64.1),
            ("citeseer-cocitation", NodeProtocol.Published, "hypergcn") => (62.7, None),
            ("citeseer-cocitation", NodeProtocol.Published, "phenomnn") => (65.1, None),
            ("citeseer-cocitation", NodeProtocol.Half, "mlp") => (None, 72.8),
            ("citeseer-cocitation", NodeProtocol.Half, "hgnn") => (72.45, 72.7),
            ("citeseer-cocitation", NodeProtocol.Half, "allset") => (73.08, None),
            ("citeseer-cocitation", NodeProtocol.Half, "unigcnii") => (73.05, None),
            ("citeseer-cocitation", NodeProtocol.Half, "edhnn") => (73.7, 73.8),
            _ => (None, None),
        };
        return (published / 100, pyTorch / 100);
    }
}
