using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// MetaHGNIE, which tells how important the entities of a knowledge graph are from two channels over typed hyperedges: structure, by
/// <see cref="TypedAttentionConv"/>s, and meaning, by <see cref="ScaHgtConv"/>s. A gate mixes what the channels say,
/// <c>g = sigmoid(w s + u t + b)</c>, <c>y = g s + (1 - g) t</c>.
/// </summary>
/// <remarks>
/// <para>
/// Trained on <c>MSE(y) + alpha contrast + beta (MSE(s) + MSE(t)) / 2</c>; the contrastive loss asks a node of one channel, projected and of length one, to be most
/// like itself in the other. Structure features pass a perceptron per head first; between layers of that channel a node keeps the mean of its
/// features alone, as in the authors' code.
/// </para>
/// <para>Source as for <see cref="ScaHgtConv"/>; hyperedges come from meta-paths, which are data.</para>
/// </remarks>
public sealed class MetaHgnie : Layer, IStoredLayer<MetaHgnie>
{
    private readonly int _structureFeatures;
    private readonly int _semanticFeatures;
    private readonly MetaHgnieOptions _options;
    private readonly Embedding _types;
    private readonly Dropout _dropout;
    private readonly Mlp[] _scoring;
    private readonly TypedAttentionConv[] _structure;
    private readonly ScaHgtConv[] _semantic;
    private readonly Linear _structureOutput;
    private readonly Linear _semanticOutput;
    private readonly Linear _structureGate;
    private readonly Linear _semanticGate;
    private readonly Mlp _projection;

    static MetaHgnie()
    {
        LayerTypes.Register<MetaHgnie>();
        LayerTypes.Register<ScaHgtConv>();
        LayerTypes.Register<TypedAttentionConv>();
    }

    /// <summary>Makes the network with the authors' first values.</summary>
    /// <param name="structureFeatures">Structure features of a node.</param>
    /// <param name="semanticFeatures">Semantic features of a node.</param>
    /// <param name="edgeTypes">The number of types of hyperedges.</param>
    /// <param name="options">Everything else; null means the authors' choices.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or a dropout is not in [0, 1].</exception>
    public MetaHgnie(int structureFeatures, int semanticFeatures, int edgeTypes, MetaHgnieOptions? options = null, RandomStream? random = null)
    {
        (_structureFeatures, _semanticFeatures, _options) = (structureFeatures, semanticFeatures, options ?? new MetaHgnieOptions());
        if (_options.Layers < 1 || _options.Heads < 1)
        {
            throw new ArgumentException($"MetaHgnie: there must be at least one layer and one head; got {_options.Layers} and {_options.Heads}.", nameof(options));
        }
        (int heads, int each, float dropout) = (_options.Heads, _options.HeadFeatures, _options.Dropout);
        int width = heads * each;
        _types = Add("rel_emb", new Embedding(edgeTypes, _options.TypeFeatures, random));
        _dropout = Add("dropout", new Dropout(dropout, random));
        _scoring = new Mlp[heads];
        for (int head = 0; head < heads; head++)
        {
            _scoring[head] = Add($"scoring{head + 1}", new Mlp([structureFeatures, each, structureFeatures], random: random));
        }
        _structure = new TypedAttentionConv[_options.Layers];
        _semantic = new ScaHgtConv[_options.Layers];
        for (int layer = 0; layer < _options.Layers; layer++)
        {
            bool first = layer == 0;
            _structure[layer] = Add($"hgat{layer + 1}", new TypedAttentionConv(
                first ? heads * structureFeatures : width, _options.TypeFeatures, 1, width, dropout: dropout, attentionDropout: _options.AttentionDropout, random: random));
            _semantic[layer] = Add(
                $"hgt{layer + 1}", new ScaHgtConv(first ? semanticFeatures : width, _options.TypeFeatures, each, heads, dropout, random: random));
        }
        _structureOutput = Add("struct_output", new Linear(width, 1, random: random));
        _semanticOutput = Add("semantic_output", new Linear(width, 1, random: random));
        _structureGate = Add("gate_struct", new Linear(1, 1, random: random));
        _semanticGate = Add("gate_semantic", new Linear(1, 1, random: random));
        _projection = Add("contrastive_proj", new Mlp([width, width, width], random: random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "metahgnie",
        Title = "Meta-path hypergraphs for node importance (MetaHGNIE, DualHNIE)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper(
            "Chen, He, Shao, Wei, Chen, Yu, Zhao", "MetaHGNIE: Meta-Path Induced Hypergraph Contrastive Learning in Heterogeneous Knowledge Graphs", "arXiv", 2025)
        {
            Arxiv = "2512.12477",
        },
        Equation = "h_e = O1 sum softmax_e(<Q1 x_v, K1 P z_e> / sqrt d) V1 x_v, n_v = O2 sum softmax_v(<Q2 x_v, K2 h_e> / sqrt d) V2 h_e, "
            + "o = BN(n + R x), y = BN(o + FFN(o)); loss = MSE + alpha contrast + beta (MSE_s + MSE_t) / 2",
        Source = "the authors' code, SEU-WENJIA/DualHNIE, with its gate",
        Layers = [typeof(ScaHgtConv), typeof(TypedAttentionConv), typeof(MetaHgnie)],
        HypergraphDesign = new(
            HypergraphStructure.Hypergraph, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Learned, HypergraphTargets.Nodes,
            HypergraphTraining.Supervised | HypergraphTraining.Contrastive, HypergraphFeatures.Given | HypergraphFeatures.Structural),
        Cases = ["metahgnie"],
    };

    /// <summary>Tells how important nodes are.</summary>
    /// <param name="structure">Structure features, <c>[N, structureFeatures]</c>.</param>
    /// <param name="semantic">Semantic features, <c>[N, semanticFeatures]</c>.</param>
    /// <param name="edgeTypes">The type of each hyperedge, integers <c>[E]</c>.</param>
    /// <param name="graph">N nodes and E hyperedges.</param>
    /// <returns>One number per node, and what it was made of.</returns>
    /// <exception cref="ArgumentException">A shape differs, or a type is out of range.</exception>
    public MetaHgnieOutput Forward(Tensor structure, Tensor semantic, Tensor edgeTypes, Hypergraph graph)
    {
        Tensor edges = _types.Forward(edgeTypes);
        Tensor x = Score(structure);
        for (int layer = 0; layer < _structure.Length; layer++)
        {
            Tensor read = layer == 0 ? x : Ops.BroadcastTo(Ops.Mean(x, [1], keepAxes: true), x.Shape);
            x = _structure[layer].Forward(read, edges, graph);
        }
        Tensor y = semantic;
        foreach (ScaHgtConv layer in _semantic)
        {
            y = layer.Forward(y, edges, graph);
        }
        (Tensor s, Tensor t) = (_structureOutput.Forward(x), _semanticOutput.Forward(y));
        Tensor gate = Ops.Sigmoid(Ops.Add(_structureGate.Forward(s), _semanticGate.Forward(t)));
        Tensor mixed = Ops.Add(t, Ops.Multiply(gate, Ops.Subtract(s, t)));
        return new MetaHgnieOutput(Flat(mixed), Flat(s), Flat(t), x, y);
    }

    /// <summary>The loss that the authors train with.</summary>
    /// <param name="output">Of <see cref="Forward"/>.</param>
    /// <param name="rows">The nodes whose importance is known, integers <c>[R]</c>; the contrastive loss compares each with each.</param>
    /// <param name="importance">The logarithm of their importance, <c>[R]</c>.</param>
    /// <returns>One number.</returns>
    /// <exception cref="ArgumentException">A shape differs, or a row is out of range.</exception>
    public Tensor Loss(MetaHgnieOutput output, Tensor rows, Tensor importance)
    {
        ArgumentNullException.ThrowIfNull(output);
        Tensor Error(Tensor told) => Ops.MeanSquaredError(Ops.GatherRows(told, rows), importance);
        Tensor channels = Ops.MultiplyScalar(Ops.Add(Error(output.Structure), Error(output.Semantic)), _options.ChannelWeight / 2);
        Tensor contrast = Ops.MultiplyScalar(Contrast(output.StructureNodes, output.SemanticNodes, rows), _options.ContrastiveWeight);
        return Ops.Add(Error(output.Importance), Ops.Add(contrast, channels));
    }

    /// <summary>How much likelier each node is to be taken for another one across the channels: the mean of both directions' cross entropy.</summary>
    /// <param name="structure">Nodes of the structure channel, <c>[N, heads * headFeatures]</c>.</param>
    /// <param name="semantic">Nodes of the semantic channel, <c>[N, heads * headFeatures]</c>.</param>
    /// <param name="rows">The nodes to compare, integers <c>[R]</c>; makes <c>R x R</c> similarities.</param>
    /// <returns>One number.</returns>
    /// <exception cref="ArgumentException">A shape differs, or a row is out of range.</exception>
    public Tensor Contrast(Tensor structure, Tensor semantic, Tensor rows)
    {
        Tensor Side(Tensor nodes) => Ops.L2Normalize(_projection.Forward(Ops.GatherRows(nodes, rows)));
        Tensor alike = Ops.MultiplyScalar(Ops.Matmul(Side(structure), Side(semantic), transposeB: true), 1 / _options.Temperature);
        Tensor own = Tensor.From([.. Enumerable.Range(0, rows.Shape[0])], [rows.Shape[0]], structure.Device);
        return Ops.MultiplyScalar(Ops.Add(Ops.CrossEntropy(alike, own), Ops.CrossEntropy(Ops.Transpose(alike), own)), 0.5f);
    }

    private static Tensor Flat(Tensor column) => Ops.Reshape(column, column.Shape[0]);

    private Tensor Score(Tensor structure)
    {
        Tensor[] heads = Array.ConvertAll(_scoring, scoring => scoring.Forward(_dropout.Forward(structure)));
        return Ops.Concatenate(1, heads);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"MetaHgnie({_structureFeatures}, {_semanticFeatures})";

    static string IStoredLayer<MetaHgnie>.TypeName => "MetaHgnie";

    static MetaHgnie IStoredLayer<MetaHgnie>.Read(LayerSettings settings) => new(
        settings.Int("structureFeatures"), settings.Int("semanticFeatures"), settings.Int("edgeTypes"),
        new MetaHgnieOptions
        {
            Layers = settings.Int("layers"),
            Heads = settings.Int("heads"),
            HeadFeatures = settings.Int("headFeatures"),
            TypeFeatures = settings.Int("typeFeatures"),
            Dropout = settings.Number("dropout"),
            AttentionDropout = settings.Number("attentionDropout"),
            Temperature = settings.Number("temperature"),
            ContrastiveWeight = settings.Number("contrastiveWeight"),
            ChannelWeight = settings.Number("channelWeight"),
        });

    void IStoredLayer<MetaHgnie>.WriteSettings(LayerSettings settings) => settings
        .Set("structureFeatures", _structureFeatures).Set("semanticFeatures", _semanticFeatures).Set("edgeTypes", _types.RowCount)
        .Set("layers", _options.Layers).Set("heads", _options.Heads).Set("headFeatures", _options.HeadFeatures).Set("typeFeatures", _options.TypeFeatures)
        .Set("dropout", _options.Dropout).Set("attentionDropout", _options.AttentionDropout).Set("temperature", _options.Temperature)
        .Set("contrastiveWeight", _options.ContrastiveWeight).Set("channelWeight", _options.ChannelWeight);
}
