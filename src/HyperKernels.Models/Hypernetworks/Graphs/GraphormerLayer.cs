using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A Graphormer layer: attention between all nodes of a graph with a bias per pair and head. The first layer of a network makes the biases,
/// <c>e_ij = P [E(d_ij + 2); E(d_ji + 2)]</c> from the lengths of the shortest ways there and back (0 for none), and adds embeddings of the numbers of
/// edges in and out and of the way from the input to the nodes; later layers use its biases again. Then
/// <c>x' = x + O softmax(q k^T / sqrt(F / H) + e) v</c> on LN(x), <c>y = x' + MLP(LN(x'))</c>.
/// </summary>
/// <remarks>
/// Source: Knyazev, Hwang, Lacoste-Julien, ICML 2023 (arXiv 2303.04143), section 3, and the authors' code, SamsungSAILMontreal/ghn3, where P is
/// two linear layers with a ReLU between, and pairs with padding score -2^15. Tables start from N(0, 1 / F), as GHN-3's; linear layers as PyTorch's.
/// </remarks>
public sealed class GraphormerLayer : Layer, IStoredLayer<GraphormerLayer>
{
    private const float Masked = -32768;

    private readonly LayerNorm _norm1;
    private readonly LayerNorm _norm2;
    private readonly Linear _queryKeyValue;
    private readonly Linear _out;
    private readonly Mlp _feedForward;
    private readonly GraphormerTables? _tables;

    static GraphormerLayer() => LayerTypes.Register<GraphormerLayer>();

    /// <summary>Makes the layer.</summary>
    /// <param name="features">The numbers F per node; the heads divide it.</param>
    /// <param name="heads">H.</param>
    /// <param name="tables">The embeddings of distances and degrees, for a first layer; null for a later one.</param>
    /// <param name="mlpRatio">The hidden units of the last part, in multiples of F.</param>
    /// <param name="queryBias">Whether queries, keys and values have biases.</param>
    /// <param name="activation">Of the last part; null means the exact GELU.</param>
    /// <param name="epsilon">Added to the variance by the norms.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, heads do not divide features, or the tables are of other sizes.</exception>
    public GraphormerLayer(
        int features,
        int heads = 8,
        GraphormerTables? tables = null,
        float mlpRatio = 4,
        bool queryBias = false,
        Activation? activation = null,
        float epsilon = 1e-5f,
        RandomStream? random = null)
    {
        int hidden = (int)(features * mlpRatio);
        if (features < 1 || heads < 1 || features % heads != 0 || hidden < 1)
        {
            throw new ArgumentException(
                $"GraphormerLayer: heads must divide features, and features x mlpRatio be at least 1; got {heads} heads, {features} features, ratio {mlpRatio}.");
        }
        if (tables is not null && (tables.Features != features || tables.Heads != heads))
        {
            throw new ArgumentException(
                $"GraphormerLayer: the tables must be for {features} features and {heads} heads; they are for {tables.Features} and {tables.Heads}.", nameof(tables));
        }
        Features = features;
        Heads = heads;
        MlpRatio = mlpRatio;
        _tables = tables is null ? null : Add("tables", tables);
        _norm1 = Add("ln1", new LayerNorm(features, epsilon));
        _queryKeyValue = Add("to_qkv", new Linear(features, 3 * features, queryBias, random));
        _out = Add("to_out", new Linear(features, features, random: random));
        _norm2 = Add("ln2", new LayerNorm(features, epsilon));
        _feedForward = Add("ff", new Mlp([features, hidden, features], activation ?? Activation.Gelu, random: random));
    }

    /// <summary>The numbers per node.</summary>
    public int Features { get; }

    /// <summary>The number of heads.</summary>
    public int Heads { get; }

    /// <summary>The hidden units of the last part, in multiples of the features.</summary>
    public float MlpRatio { get; }

    /// <summary>Whether it is a first layer, which makes the biases.</summary>
    public bool HasTables => _tables is not null;

    /// <summary>Applies the layer.</summary>
    /// <param name="nodes">A row per node of each graph, padded: <c>[G, N, F]</c>.</param>
    /// <param name="distances">For a first layer: lengths of shortest ways from row to column, 0 for none, <c>[G, N, N]</c>; memory of the program.</param>
    /// <param name="mask">1 for pairs of nodes, 0 for pairs with padding, <c>[G, N, N]</c>; null if there is none.</param>
    /// <param name="biases">For a later layer: what the first gave, <c>[G, H, N, N]</c>; null for none.</param>
    /// <returns>The nodes and the biases that were used.</returns>
    /// <exception cref="ArgumentException">A shape differs, or a first layer lacks distances.</exception>
    public (Tensor Nodes, Tensor? Biases) Forward(Tensor nodes, int[]? distances = null, Tensor? mask = null, Tensor? biases = null)
    {
        if (nodes.Rank != 3 || nodes.Shape[2] != Features)
        {
            throw new ArgumentException($"GraphormerLayer: nodes must be [graphs, nodes, {Features}]; got {nodes.Shape}.", nameof(nodes));
        }
        (int graphs, int count) = (nodes.Shape[0], nodes.Shape[1]);
        Shape square = [graphs, count, count];
        if ((HasTables && distances?.Length != square.Count) || (mask is { } m && m.Shape != square))
        {
            throw new ArgumentException(
                $"GraphormerLayer: distances (for a first layer) and mask must be {square}; got {distances?.Length ?? 0} distances and a mask {mask?.Shape}.");
        }
        Tensor x = nodes;
        if (_tables is not null)
        {
            x = Ops.Add(x, _tables.Places(distances, graphs, count));
            x = mask is { } pairs ? Ops.Multiply(x, Ops.Slice(pairs, 2, 0, 1)) : x;
            biases = _tables.Biases(distances, graphs, count);
        }
        x = Ops.Add(x, Attend(_norm1.Forward(x), mask, biases));
        return (Ops.Add(x, _feedForward.Forward(_norm2.Forward(x))), biases);
    }

    private Tensor Attend(Tensor x, Tensor? mask, Tensor? biases)
    {
        (int graphs, int count, int size) = (x.Shape[0], x.Shape[1], Features / Heads);
        Tensor all = Ops.Permute(Ops.Reshape(_queryKeyValue.Forward(x), [graphs, count, 3, Heads, size]), 2, 0, 3, 1, 4);
        Tensor[] parts = Ops.Split(all, 0, 1, 1, 1);
        Shape shape = [graphs, Heads, count, size];
        (Tensor query, Tensor key, Tensor value) = (Ops.Reshape(parts[0], shape), Ops.Reshape(parts[1], shape), Ops.Reshape(parts[2], shape));
        Tensor scores = Ops.MultiplyScalar(Ops.Matmul(query, key, transposeB: true), 1 / MathF.Sqrt(size));
        scores = biases is { } known ? Ops.Add(scores, known) : scores;
        if (mask is { } pairs)
        {
            // x keep + Masked (1 - keep): exact, because keep is 0 or 1.
            Tensor keep = Ops.Reshape(pairs, [graphs, 1, count, count]);
            scores = Ops.Add(Ops.Multiply(scores, keep), Ops.MultiplyScalar(Ops.AddScalar(keep, -1), -Masked));
        }
        Tensor mixed = Ops.Matmul(Ops.Softmax(scores), value);
        return _out.Forward(Ops.Reshape(Ops.Permute(mixed, 0, 2, 1, 3), [graphs, count, Features]));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"GraphormerLayer({Features}, heads: {Heads}{(HasTables ? ", with tables" : "")})";

    static string IStoredLayer<GraphormerLayer>.TypeName => "GraphormerLayer";

    static GraphormerLayer IStoredLayer<GraphormerLayer>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("heads"), settings.Has("tables") ? settings.Layer<GraphormerTables>("tables") : null,
        settings.Number("mlpRatio"), settings.Flag("queryBias"), settings.Activation(), settings.Number("epsilon"));

    void IStoredLayer<GraphormerLayer>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("heads", Heads).SetLayer("tables", _tables).Set("mlpRatio", MlpRatio)
        .Set("queryBias", _queryKeyValue.Bias is not null).SetActivation(_feedForward.Activation).Set("epsilon", _norm1.Epsilon);
}
