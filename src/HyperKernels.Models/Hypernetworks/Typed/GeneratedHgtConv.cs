using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// HiGPT's tokenizer of heterogeneous graphs: a layer of a heterogeneous graph transformer whose every matrix is generated from a description of the type of node or of the
/// relation that it belongs to, so that graphs with types never seen before need no training.
/// </summary>
/// <remarks>
/// <para>
/// <c>[k, q, v] = W_type x + b_type</c>; per relation and head <c>k' = W_k k + b_k</c> and <c>v' = W_v v + b_v</c>; scores <c>&lt;q, k'&gt; p / sqrt D</c>; a softmax over all
/// edges that enter a node, relations together; <c>a = W_o o + b_o</c> of the sums o; where the sizes agree <c>y = g a + (1 - g) x</c>. Nodes without edges have <c>o = 0</c>.
/// Everything is generated once per type or relation, never per node.
/// </para>
/// <para>
/// The authors use two variants: without gelu and with a layer norm at the end (the defaults), or with gelu before <c>W_o</c> and no norm. With more than one head the
/// authors' code leaves parts of k' and v' undefined; here all heads use the relation's one matrix. Source: Tang and others, HiGPT, KDD 2024 (arXiv 2402.16024), and the
/// authors' code, HKUDS/HiGPT (MetaHGTConv).
/// </para>
/// </remarks>
public sealed class GeneratedHgtConv : Layer, IStoredLayer<GeneratedHgtConv>
{
    private const float NormEpsilon = 1e-6f;

    private readonly ParameterGenerator _keyQueryValue;
    private readonly ParameterGenerator _output;
    private readonly ParameterGenerator _key;
    private readonly ParameterGenerator _value;
    private readonly Linear _skip;
    private readonly Linear _priority;
    private readonly LayerNorm? _norm;

    // Files may hold the generator before a program uses it.
    static GeneratedHgtConv()
    {
        LayerTypes.Register<GeneratedHgtConv>();
        LayerTypes.Register<ParameterGenerator>();
    }

    /// <summary>Makes the layer.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node afterwards; a multiple of the heads.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="textFeatures">The size of a description.</param>
    /// <param name="gelu">Whether what was gathered passes GELU before the last map.</param>
    /// <param name="norm">Whether a layer norm follows.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or heads do not divide outFeatures.</exception>
    public GeneratedHgtConv(int inFeatures, int outFeatures, int heads, int textFeatures, bool gelu = false, bool norm = true, RandomStream? random = null)
    {
        if (heads < 1 || outFeatures < 1 || outFeatures % heads != 0)
        {
            throw new ArgumentException($"GeneratedHgtConv: heads must divide outFeatures, and both must be at least 1; got {heads} heads and {outFeatures} features.");
        }
        (Heads, UsesGelu) = (heads, gelu);
        int each = outFeatures / heads;
        _keyQueryValue = Add("kqv_lin", new ParameterGenerator(textFeatures, inFeatures, 3 * outFeatures, random));
        _output = Add("out_lin", new ParameterGenerator(textFeatures, outFeatures, outFeatures, random));
        _key = Add("k_rel", new ParameterGenerator(textFeatures, each, each, random));
        _value = Add("v_rel", new ParameterGenerator(textFeatures, each, each, random));
        _skip = Add("skipTrans", new Linear(textFeatures, 1, random: random));
        _priority = Add("p_relTrans", new Linear(textFeatures, heads, random: random));
        _norm = norm ? Add("norm", new LayerNorm([outFeatures], NormEpsilon)) : null;
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "higpt",
        Title = "HiGPT's generated heterogeneous graph transformer",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Tang, Yang, Wei, Shi, Xia, Yin, Huang", "HiGPT: Heterogeneous Graph Language Model", "KDD", 2024) { Arxiv = "2402.16024" },
        Equation = "W_t = reshape(MLP(t)); [k, q, v] = W_type x, scores <q, W_k k> p / sqrt D over all relations, y = g (W_o sum alpha W_v v) + (1 - g) x",
        Source = "the in-context heterogeneous graph tokenizer; the authors' code, HKUDS/HiGPT (MetaHGTConv)",
        Layers = [typeof(GeneratedHgtConv), typeof(ParameterGenerator)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Heads, HyperArchitecture.Mlp),
        Cases = ["HiGPT"],
    };

    /// <summary>The number of heads.</summary>
    public int Heads { get; }

    /// <summary>Whether what was gathered passes GELU before the last map.</summary>
    public bool UsesGelu { get; }

    /// <summary>Generates all matrices for the types of a graph.</summary>
    /// <param name="nodeTexts">A description of every type of node, <c>[T, textFeatures]</c>.</param>
    /// <param name="relationTexts">A description of every relation, <c>[R, textFeatures]</c>.</param>
    /// <returns>For <see cref="Forward(Tensor, HgtWeights, TypedGraph)"/>, any number of times while the descriptions and this layer stay as they are.</returns>
    /// <exception cref="ArgumentException">The descriptions have another size.</exception>
    public HgtWeights Generate(Tensor nodeTexts, Tensor relationTexts) => new(
        _keyQueryValue.Generate(nodeTexts), _output.Generate(nodeTexts), _key.Generate(relationTexts), _value.Generate(relationTexts), _priority.Forward(relationTexts),
        Ops.Sigmoid(_skip.Forward(nodeTexts)));

    /// <summary>Generates the matrices and computes the layer.</summary>
    /// <param name="nodes">x: <c>[N, inFeatures]</c>, type by type.</param>
    /// <param name="nodeTexts">A description of every type of node, <c>[T, textFeatures]</c>.</param>
    /// <param name="relationTexts">A description of every relation, <c>[R, textFeatures]</c>.</param>
    /// <param name="graph">N nodes of T types with R relations.</param>
    /// <returns><c>[N, outFeatures]</c></returns>
    /// <exception cref="ArgumentException">A shape differs, or the devices do.</exception>
    public Tensor Forward(Tensor nodes, Tensor nodeTexts, Tensor relationTexts, TypedGraph graph) => Forward(nodes, Generate(nodeTexts, relationTexts), graph);

    /// <summary>Computes the layer with generated matrices.</summary>
    /// <param name="nodes">x: <c>[N, inFeatures]</c>, type by type.</param>
    /// <param name="weights">What <see cref="Generate"/> gave.</param>
    /// <param name="graph">N nodes of as many types and relations.</param>
    /// <returns><c>[N, outFeatures]</c></returns>
    /// <exception cref="ArgumentException">A shape differs, or the devices do.</exception>
    public Tensor Forward(Tensor nodes, HgtWeights weights, TypedGraph graph) => Attend(nodes, weights, graph).Output;

    /// <summary>Computes the layer and shows how nodes attend.</summary>
    /// <param name="nodes">x: <c>[N, inFeatures]</c>, type by type.</param>
    /// <param name="weights">What <see cref="Generate"/> gave.</param>
    /// <param name="graph">N nodes of as many types and relations.</param>
    /// <returns><c>[N, outFeatures]</c>, and the weight of every edge in its target, <c>[edges, heads]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs, or the devices do.</exception>
    public (Tensor Output, Tensor Attention) Attend(Tensor nodes, HgtWeights weights, TypedGraph graph)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(graph);
        (int width, int each) = (_output.OutFeatures, _output.OutFeatures / Heads);
        if (nodes.Rank != 2 || nodes.Shape[0] != graph.NodeCount || nodes.Shape[1] != _keyQueryValue.InFeatures)
        {
            throw new ArgumentException($"GeneratedHgtConv: nodes must be [{graph.NodeCount}, {_keyQueryValue.InFeatures}]; got {nodes.Shape}.", nameof(nodes));
        }
        Tensor[] keyQueryValue = Ops.Split(Ops.LinearGrouped(nodes, weights.KeyQueryValue.Weight, graph.NodeTypes, weights.KeyQueryValue.Bias), 1, width, width, width);
        // Heads of a row stand one below the other, so that a relation's rows stay together.
        int rows = graph.RelationOfRow.Length;
        RowGroups relations = RowGroups.Of([.. graph.RelationOfRow.SelectMany(relation => Enumerable.Repeat(relation, Heads))], graph.Relations, nodes.Device);
        Tensor ByRelation(Tensor ofNodes, (Tensor Weight, Tensor Bias) map)
        {
            Tensor sources = Ops.Reshape(Ops.GatherRows(ofNodes, graph.SourceOfRow), rows * Heads, each);
            return Ops.Reshape(Ops.LinearGrouped(sources, map.Weight, relations, map.Bias), rows, Heads, each);
        }
        Tensor query = Ops.Reshape(keyQueryValue[1], graph.NodeCount, Heads, each);
        Tensor scores = Ops.SampledDot(query, ByRelation(keyQueryValue[0], weights.Key), graph.Edges, perHead: true);
        Tensor priority = Ops.MultiplyScalar(weights.Priority, 1 / MathF.Sqrt(each));
        Tensor attention = Ops.SegmentSoftmax(Ops.Multiply(scores, Ops.GatherRows(priority, graph.RelationOfEdge)), graph.Edges, Toward.Nodes);
        Tensor sums = Ops.Reshape(Ops.EdgesToNodes(ByRelation(keyQueryValue[2], weights.Value), graph.Edges, attention), graph.NodeCount, width);
        sums = UsesGelu ? Ops.Gelu(sums) : sums;
        Tensor output = Ops.LinearGrouped(sums, weights.Output.Weight, graph.NodeTypes, weights.Output.Bias);
        if (nodes.Shape[1] == width)
        {
            Tensor share = Ops.GatherRows(weights.Skip, graph.TypeOfNode);
            output = Ops.Add(nodes, Ops.Multiply(share, Ops.Subtract(output, nodes)));
        }
        return (_norm?.Forward(output) ?? output, attention);
    }

    static string IStoredLayer<GeneratedHgtConv>.TypeName => "GeneratedHgtConv";

    static GeneratedHgtConv IStoredLayer<GeneratedHgtConv>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("heads"), settings.Int("textFeatures"), settings.Flag("gelu"), settings.Flag("norm"));

    void IStoredLayer<GeneratedHgtConv>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _keyQueryValue.InFeatures).Set("outFeatures", _output.OutFeatures).Set("heads", Heads).Set("textFeatures", _skip.InFeatures)
        .Set("gelu", UsesGelu).Set("norm", _norm is not null);

    /// <inheritdoc/>
    protected override string Describe() => $"GeneratedHgtConv({_keyQueryValue.InFeatures}, {_output.OutFeatures}, heads: {Heads})";
}
