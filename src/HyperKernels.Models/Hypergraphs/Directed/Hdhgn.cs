using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The heterogeneous directed hypergraph network for classes of graphs, such as programs by their syntax trees: embeddings of tokens, a linear map for
/// each type of node, <see cref="HdhgnConv"/>s over hyperedges from a parent to the children of one field, and a readout
/// <c>logits = MLP(sum over the nodes of softmax(&lt;a, x_v&gt;) x_v)</c> per head and graph.
/// </summary>
/// <remarks>Source as for <see cref="HdhgnConv"/>; the readout's layer has batch norm, ELU and dropout.</remarks>
public sealed class Hdhgn : Layer, IStoredLayer<Hdhgn>
{
    private readonly int _nodeTypes;
    private readonly HdhgnOptions _options;
    private readonly Embedding _tokens;
    private readonly TypedLinear _typed;
    private readonly Embedding _edges;
    private readonly HdhgnConv[] _convolutions;
    private readonly Parameter _attention;
    private readonly Linear _hidden;
    private readonly BatchNorm? _norm;
    private readonly Dropout _dropout;
    private readonly Linear _classes;

    static Hdhgn()
    {
        LayerTypes.Register<Hdhgn>();
        LayerTypes.Register<HdhgnConv>();
        LayerTypes.Register<TypedLinear>();
        LayerTypes.Register<GraphNorm>();
    }

    /// <summary>Makes the network with the authors' first values.</summary>
    /// <param name="tokens">How many different tokens nodes have; types of nodes have ranges of their own among them.</param>
    /// <param name="nodeTypes">The number of types of nodes.</param>
    /// <param name="edgeTypes">The number of types of hyperedges.</param>
    /// <param name="hiddenFeatures">Features of a token, a node and a hyperedge; 128 is the authors' choice.</param>
    /// <param name="classes">How many logits a graph gets.</param>
    /// <param name="options">Everything else; null means the authors' choices.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, heads do not divide the features, or dropout is not in [0, 1].</exception>
    public Hdhgn(int tokens, int nodeTypes, int edgeTypes, int hiddenFeatures, int classes, HdhgnOptions? options = null, RandomStream? random = null)
    {
        _nodeTypes = nodeTypes;
        _options = options ?? new HdhgnOptions();
        if (_options.Layers < 1 || _options.ReadoutHeads < 1 || hiddenFeatures % _options.ReadoutHeads != 0)
        {
            throw new ArgumentException(
                $"Hdhgn: there must be a layer, and ReadoutHeads must divide hiddenFeatures; got {_options.Layers} layers, {_options.ReadoutHeads} heads for {hiddenFeatures}.");
        }
        _tokens = Add("embedding", new Embedding(tokens, hiddenFeatures, random));
        _typed = Add("hetero_linear", new TypedLinear(hiddenFeatures, hiddenFeatures, nodeTypes, random));
        _edges = Add("edge_embedding", new Embedding(edgeTypes, hiddenFeatures, random));
        _convolutions = new HdhgnConv[_options.Layers];
        for (int layer = 0; layer < _convolutions.Length; layer++)
        {
            _convolutions[layer] = Add($"conv{layer + 1}", new HdhgnConv(hiddenFeatures, _options.EdgeHeads, _options.NodeHeads, random: random));
        }
        Shape heads = [1, _options.ReadoutHeads, hiddenFeatures / _options.ReadoutHeads];
        _attention = AddParameter("attn", heads, Initializer.XavierUniform(), random);
        _hidden = Add("hidden", new Linear(hiddenFeatures, _options.ReadoutFeatures, random: random));
        _norm = _options.BatchNorm ? Add("norm", new BatchNorm(_options.ReadoutFeatures)) : null;
        _dropout = Add("dropout", new Dropout(_options.Dropout, random));
        _classes = Add("classes", new Linear(_options.ReadoutFeatures, classes, random: random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hdhgn",
        Title = "Heterogeneous directed hypergraph network (HDHGN)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper(
            "Yang, Jin, Dou", "Heterogeneous Directed Hypergraph Neural Network over abstract syntax tree (AST) for Code Classification", "SEKE", 2023)
        {
            Arxiv = "2305.04228",
            Doi = "10.18293/SEKE2023-136",
        },
        Equation = "h_e = sum softmax_e(<Q z_e, K W_role x_v>) V W_role x_v + U z_e; n_v = sum softmax_v(<Q' x_v, K' W'_role h_e>) V' W'_role h_e; "
            + "x' = elu(GraphNorm(U1 x + U2 n))",
        Source = "section III, and the authors' code, qiankunmu/HDHGN",
        Layers = [typeof(HdhgnConv), typeof(Hdhgn), typeof(TypedLinear), typeof(GraphNorm)],
        HypergraphDesign = new(
            HypergraphStructure.Hypergraph, HypergraphMessages.EdgeDependent, HypergraphAggregation.Learned, HypergraphTargets.Graphs),
        Cases = ["hdhgn"],
        Recipe = "hdhgn-programs",
    };

    /// <summary>Computes logits.</summary>
    /// <param name="tokens">The token of each node, integers <c>[N]</c>.</param>
    /// <param name="graph">N nodes and E hyperedges, both with types, and the roles tail and head; G graphs.</param>
    /// <returns><c>[G, classes]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs, a token is out of range, or types are missing or not as many as the network's.</exception>
    public Tensor Forward(Tensor tokens, RoleHypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (graph.Graph.NodeTypes is not { } nodeTypes || graph.Graph.EdgeTypes is not { } edgeTypes
            || nodeTypes.Groups != _nodeTypes || edgeTypes.Groups != _edges.RowCount)
        {
            throw new ArgumentException(
                $"Hdhgn: nodes must be of {_nodeTypes} types and hyperedges of {_edges.RowCount}; got {graph.Graph.NodeTypes?.Groups ?? 0} and "
                + $"{graph.Graph.EdgeTypes?.Groups ?? 0}. WithNodeTypes and WithEdgeTypes give a hypergraph types.",
                nameof(graph));
        }
        Tensor nodes = _typed.Forward(_tokens.Forward(tokens), nodeTypes);
        Tensor edges = _edges.Forward(Tensor.From(edgeTypes.GroupOfRow, [edgeTypes.Rows], tokens.Device));
        foreach (HdhgnConv convolution in _convolutions)
        {
            nodes = convolution.Forward(nodes, edges, graph);
        }
        Tensor hidden = _hidden.Forward(Readout(nodes, graph.NodesByGraph));
        return _classes.Forward(_dropout.Forward(Ops.Elu(_norm?.Forward(hidden) ?? hidden)));
    }

    // Nodes are the memberships of the graphs, in their order.
    private Tensor Readout(Tensor nodes, Incidence graphs)
    {
        (int heads, int width) = (_attention.Shape[1], _attention.Shape[2]);
        Tensor split = Ops.Reshape(nodes, nodes.Shape[0], heads, width);
        Tensor scores = Ops.Sum(Ops.Multiply(split, _attention.Value), [2]);
        Tensor sums = Ops.NodesToEdges(split, graphs, Ops.SegmentSoftmax(scores, graphs, Toward.Edges));
        return Ops.Reshape(sums, graphs.EdgeCount, heads * width);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"Hdhgn({_options.Layers} layers)";

    static string IStoredLayer<Hdhgn>.TypeName => "Hdhgn";

    static Hdhgn IStoredLayer<Hdhgn>.Read(LayerSettings settings) => new(
        settings.Int("tokens"), settings.Int("nodeTypes"), settings.Int("edgeTypes"), settings.Int("hiddenFeatures"), settings.Int("classes"),
        new HdhgnOptions
        {
            Layers = settings.Int("layers"),
            EdgeHeads = settings.Int("edgeHeads"),
            NodeHeads = settings.Int("nodeHeads"),
            ReadoutHeads = settings.Int("readoutHeads"),
            ReadoutFeatures = settings.Int("readoutFeatures"),
            BatchNorm = settings.Flag("batchNorm"),
            Dropout = settings.Number("dropout"),
        });

    void IStoredLayer<Hdhgn>.WriteSettings(LayerSettings settings) => settings
        .Set("tokens", _tokens.RowCount).Set("nodeTypes", _nodeTypes).Set("edgeTypes", _edges.RowCount).Set("hiddenFeatures", _tokens.RowSize)
        .Set("classes", _classes.OutFeatures)
        .Set("layers", _options.Layers).Set("edgeHeads", _options.EdgeHeads).Set("nodeHeads", _options.NodeHeads)
        .Set("readoutHeads", _options.ReadoutHeads).Set("readoutFeatures", _options.ReadoutFeatures)
        .Set("batchNorm", _options.BatchNorm).Set("dropout", _options.Dropout);
}
