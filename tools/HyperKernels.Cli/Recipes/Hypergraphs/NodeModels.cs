using HyperKernels.Cli.Data;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>The networks for classes of nodes, and how each is made and trained on each set: the one place for all of it.</summary>
/// <remarks>
/// Half of the nodes: the settings of the benchmarks of AllSet and ED-HNN, with the weight decay of HGNN's authors for HGNN and the perceptron. There are fewer
/// epochs than 500, because the best validation epoch comes early: from 20 to 80 for AllSet and ED-HNN. Published splits: those of HyperGCN's authors and
/// UniGNN's, who share them. PhenomNN: rates, dropout and energies are those of its authors' commands for each data set, on either protocol; they stop at the
/// best epoch on the test nodes, which stands beside the accuracy: that is of the last epoch here, or of the best on the validation nodes. HNHN has one
/// convolution as its authors' code has.
/// </remarks>
internal static class NodeModels
{
    public static IReadOnlyList<string> Names { get; } =
        [ModelChoice.Perceptron, "hgnn", "hgnn+", "hcha", "hnhn", "unigcn", "unigat", "unigcnii", "allset", "edhnn", "edhnn-deep", "phenomnn", "hypergcn"];

    /// <summary>Whether the published accuracy is that of the best epoch on the test nodes, which no honest run can choose.</summary>
    public static bool IsPublishedAtItsBest(string model) => model == "phenomnn";

    /// <summary>How a network is trained.</summary>
    public static NodeSetting Setting(string model, string set, NodeProtocol protocol) => protocol == NodeProtocol.Half
        ? model switch
        {
            "unigcn" or "unigat" => new NodeSetting(8, 1e-2f, 5e-4f, 200, 0.6f),
            "unigcnii" => new NodeSetting(64, 1e-2f, 5e-4f, 200, 0.6f),
            "allset" => new NodeSetting(IsCoauthorship(set) ? 128 : 256, 1e-3f, 0, 100, 0.5f),
            "edhnn-deep" => new NodeSetting(64, 1e-3f, 0, 200, 0.5f),
            "phenomnn" => Phenom(set),
            "edhnn" => IsCoauthorship(set) ? new NodeSetting(128, 1e-3f, 0, 200, 0.5f) : new NodeSetting(256, 1e-3f, 0, 100, 0.5f),
            _ => new NodeSetting(64, 1e-3f, 5e-4f, 300, 0.5f),
        }
        : model switch
        {
            "unigcn" or "unigat" => new NodeSetting(8, 1e-2f, 5e-4f, 200, 0.6f),
            "unigcnii" => new NodeSetting(64, 1e-2f, 5e-4f, 200, 0.6f),
            "allset" => new NodeSetting(64, 1e-3f, 5e-4f, 200, 0.5f),
            "edhnn" => new NodeSetting(IsCoauthorship(set) ? 128 : 256, 1e-3f, 5e-4f, 200, 0.5f),
            "edhnn-deep" => new NodeSetting(64, 1e-3f, 5e-4f, 200, 0.5f),
            "phenomnn" => Phenom(set),
            "hypergcn" => new NodeSetting(set == "citeseer-cocitation" ? 64 : 32, 1e-2f, 5e-4f, 200, 0.5f),
            _ => new NodeSetting(32, 1e-2f, 5e-4f, 200, 0.5f),
        };

    /// <summary>Makes a network.</summary>
    /// <param name="model">One of <see cref="Names"/>.</param>
    /// <param name="setting">Its sizes.</param>
    /// <param name="data">What it is for.</param>
    /// <param name="features">Of the nodes.</param>
    /// <param name="graph">The hypergraph.</param>
    /// <param name="random">Draws first values and what is dropped.</param>
    /// <exception cref="ArgumentException">There is no such network.</exception>
    public static NodeNet Make(string model, NodeSetting setting, CommunityGraph data, Tensor features, Hypergraph graph, RandomStream random)
    {
        (int inputs, int width, int classes, float dropout) = (data.FeatureCount, setting.Width, data.Classes, setting.Dropout);
        switch (model)
        {
            case ModelChoice.Perceptron:
                Sequential perceptron = new(
                    new Linear(inputs, width, random: random), new Relu(), new Dropout(dropout, random), new Linear(width, classes, random: random));
                return new NodeNet(perceptron, (nodes, _) => perceptron.Forward(nodes));
            case "hgnn":
                Hgnn hgnn = new(inputs, width, classes, dropout, random: random);
                return new NodeNet(hgnn, hgnn.Forward);
            case "hgnn+":
                HgnnPlus plus = new(inputs, width, classes, dropout: dropout, random: random);
                return new NodeNet(plus, plus.Forward);
            case "hcha":
                Hcha hcha = new(inputs, width, classes, dropout: dropout, random: random);
                return new NodeNet(hcha, hcha.Forward);
            case "hnhn":
                Hnhn hnhn = new(inputs, width, classes, dropout: dropout, random: random);
                return new NodeNet(hnhn, hnhn.Forward);
            case "unigcn" or "unigat":
                UniGnnOptions options = new() { InputDropout = dropout, Dropout = dropout, AttentionDropout = dropout };
                UniGnn uni = new(inputs, width, classes, model == "unigcn" ? UniKind.Gcn : UniKind.Gat, options, random);
                return new NodeNet(uni, uni.Forward);
            case "unigcnii":
                return Deep(new UniGcnII(inputs, width, classes, dropout: dropout, random: random), setting.Decay);
            case "allset":
                AllSet allSet = new(inputs, width, classes, Sets(data.Name, dropout), random);
                return new NodeNet(allSet, allSet.Forward);
            case "edhnn":
                EdHnn edhnn = new(inputs, width, classes, Diffusion(data.Name, dropout), random);
                return new NodeNet(edhnn, edhnn.Forward);
            case "edhnn-deep":
                EdHnn deep = new(inputs, width, classes, new EdHnnOptions { InitialNorm = true, Dropout = dropout, InputDropout = dropout }, random);
                return new NodeNet(deep, deep.Forward);
            case "phenomnn":
                PhenomNn phenom = new(inputs, width, classes, Energy(data.Name) with { Dropout = dropout }, random);
                return new NodeNet(phenom, phenom.Forward);
            case "hypergcn":
                HyperGcn hyperGcn = new(inputs, width, classes, dropout: dropout, random: random);
                HyperGcnLaplacian laplacian = hyperGcn.Laplacian(features, graph);
                return new NodeNet(hyperGcn, (nodes, _) => hyperGcn.Forward(nodes, laplacian)) { Structure = laplacian };
            default:
                throw new ArgumentException($"NodeModels: the name must be one of {string.Join(", ", Names)}; got \"{model}\".", nameof(model));
        }
    }

    private static bool IsCoauthorship(string set) => set.EndsWith("coauthorship", StringComparison.Ordinal);

    private static NodeSetting Phenom(string set)
    {
        (float rate, float dropout) = set switch
        {
            "cora-coauthorship" => (1e-2f, 0.7f),
            "dblp-coauthorship" => (5e-3f, 0.6f),
            "pubmed-cocitation" => (2e-2f, 0.7f),
            _ => (5e-3f, 0.7f),
        };
        return new NodeSetting(64, rate, 5e-4f, 200, dropout);
    }

    private static PhenomOptions Energy(string set)
    {
        (float clique, float star, float alpha) = set switch
        {
            "cora-coauthorship" => (20, 80, 0.1f),
            "dblp-coauthorship" => (100, 100, 0.1f),
            "pubmed-cocitation" => (0, 20, 0.1f),
            "citeseer-cocitation" => (1, 20, 1f),
            _ => (0f, 20f, 1f),
        };
        return new PhenomOptions { Lambda0 = clique, Lambda1 = star, Alpha = alpha };
    }

    // The convolutions have a larger weight decay than the linear layers around them.
    private static NodeNet Deep(UniGcnII net, float decay)
    {
        HashSet<Parameter> inner = [.. net.Convolutions.SelectMany(convolution => convolution.Parameters)];
        return new NodeNet(net, net.Forward)
        {
            Groups = decay == 0
                ? [new ParameterGroup(net.Parameters)]
                : [new ParameterGroup(inner, weightDecay: 1e-2f), new ParameterGroup(net.Parameters.Where(parameter => !inner.Contains(parameter)))],
        };
    }

    // One layer and several heads: the authors' scripts have 4 for Cora's co-citations and 8 for the others.
    private static AllSetOptions Sets(string set, float dropout) => new()
    {
        Layers = 1,
        Heads = set == "cora-cocitation" ? 4 : 8,
        ClassifierLayers = 1,
        Dropout = dropout,
    };

    // Without perceptrons before and between the means, as the authors set it for Cora and Citeseer.
    private static EdHnnOptions Diffusion(string set, float dropout) => new()
    {
        Layers = 1,
        Mlp1Layers = 0,
        Mlp2Layers = 0,
        Mlp3Layers = 1,
        Alpha = 0,
        Dropout = dropout,
        InputDropout = dropout,
        ClassifierLayers = IsCoauthorship(set) ? 2 : 1,
        ClassifierFeatures = 96,
    };
}
