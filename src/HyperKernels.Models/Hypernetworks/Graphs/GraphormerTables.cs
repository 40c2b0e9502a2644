using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>What a first <see cref="GraphormerLayer"/> knows of a graph's form: embeddings of degrees and distances.</summary>
/// <remarks>Numbers beyond a table count as its largest. Source as for <see cref="GraphormerLayer"/>, whose defaults these are.</remarks>
public sealed class GraphormerTables : Layer, IStoredLayer<GraphormerTables>
{
    // Row 0 of the table of distances is not used; 1 neither; 2 is for no way.
    private const int FirstDistance = 2;

    private readonly Parameter _inDegree;
    private readonly Parameter _outDegree;
    private readonly Parameter _inputDistance;
    private readonly Parameter _distance;
    private readonly Mlp _project;

    static GraphormerTables() => LayerTypes.Register<GraphormerTables>();

    /// <summary>Makes the tables.</summary>
    /// <param name="features">The numbers F per node.</param>
    /// <param name="heads">The biases per pair of nodes.</param>
    /// <param name="maxDegree">The largest number of edges in or out that is told apart.</param>
    /// <param name="maxInputDistance">The longest way from the input that is told apart.</param>
    /// <param name="distanceRows">The rows of the table of distances between nodes: two more than the longest way that is told apart, and one for none.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or there are fewer than four rows of distances.</exception>
    public GraphormerTables(int features, int heads, int maxDegree = 100, int maxInputDistance = 1000, int distanceRows = 257, RandomStream? random = null)
    {
        if (features < 1 || heads < 1 || maxDegree < 1 || maxInputDistance < 1 || distanceRows < FirstDistance + 2)
        {
            throw new ArgumentException(
                $"GraphormerTables: all numbers must be at least 1, and distanceRows at least {FirstDistance + 2}; got features {features}, heads {heads}, "
                + $"maxDegree {maxDegree}, maxInputDistance {maxInputDistance}, distanceRows {distanceRows}.");
        }
        Features = features;
        Heads = heads;
        Initializer start = Initializer.Normal(0, 1 / MathF.Sqrt(features));
        _inDegree = AddParameter("in_degree", [maxDegree + 1, features], start, random, ParameterRole.Table);
        _outDegree = AddParameter("out_degree", [maxDegree + 1, features], start, random, ParameterRole.Table);
        _inputDistance = AddParameter("input_distance", [maxInputDistance + 1, features], start, random, ParameterRole.Table);
        _distance = AddParameter("distance", [distanceRows, features], start, random, ParameterRole.Table);
        _project = Add("project", new Mlp([2 * features, features, heads], random: random));
    }

    /// <summary>The numbers per node.</summary>
    public int Features { get; }

    /// <summary>The biases per pair of nodes.</summary>
    public int Heads { get; }

    /// <summary>What is added to the nodes.</summary>
    /// <param name="distances">Lengths of shortest ways, <c>[G, N, N]</c>; 0 for none.</param>
    /// <param name="graphs">G.</param>
    /// <param name="count">N.</param>
    /// <returns><c>[G, N, F]</c></returns>
    internal Tensor Places(ReadOnlySpan<int> distances, int graphs, int count)
    {
        int[] ins = new int[graphs * count];
        int[] outs = new int[graphs * count];
        int[] fromInput = new int[graphs * count];
        for (int i = 0; i < distances.Length; i++)
        {
            (int graph, int from, int to) = (i / (count * count), i / count % count, i % count);
            if (distances[i] == 1)
            {
                ins[(graph * count) + to]++;
                outs[(graph * count) + from]++;
            }
            if (from == 0)
            {
                fromInput[(graph * count) + to] = distances[i];
            }
        }
        Tensor sum = Ops.Add(Look(_inDegree, ins, 0), Look(_outDegree, outs, 0));
        return Ops.Reshape(Ops.Add(sum, Look(_inputDistance, fromInput, 0)), [graphs, count, Features]);
    }

    /// <summary>The biases of all pairs.</summary>
    /// <returns><c>[G, H, N, N]</c></returns>
    internal Tensor Biases(ReadOnlySpan<int> distances, int graphs, int count)
    {
        int[] ways = new int[2 * distances.Length];
        for (int i = 0; i < distances.Length; i++)
        {
            (int graph, int from, int to) = (i / (count * count), i / count % count, i % count);
            ways[2 * i] = distances[i];
            ways[(2 * i) + 1] = distances[(((graph * count) + to) * count) + from];
        }
        // Few of the pairs differ: each kind is projected once.
        List<int> kinds = [];
        Dictionary<(int, int), int> known = [];
        int[] kindOf = new int[distances.Length];
        for (int i = 0; i < kindOf.Length; i++)
        {
            (int, int) pair = (ways[2 * i], ways[(2 * i) + 1]);
            if (!known.TryGetValue(pair, out kindOf[i]))
            {
                kindOf[i] = known.Count;
                known.Add(pair, kindOf[i]);
                kinds.AddRange([pair.Item1, pair.Item2]);
            }
        }
        Tensor rows = Ops.Reshape(Look(_distance, [.. kinds], FirstDistance), [known.Count, 2 * Features]);
        Tensor biases = _project.Forward(rows);
        Tensor all = Ops.GatherRows(biases, Tensor.From(kindOf, [graphs, count, count], biases.Device));
        return Ops.Permute(all, 0, 3, 1, 2);
    }

    /// <inheritdoc/>
    protected override string Describe() =>
        $"GraphormerTables({Features}, maxDegree: {_inDegree.Shape[0] - 1}, maxInputDistance: {_inputDistance.Shape[0] - 1}, distanceRows: {_distance.Shape[0]})";

    private static Tensor Look(Parameter table, int[] numbers, int offset)
    {
        Tensor rows = table.Value;
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Math.Min(numbers[i] + offset, rows.Shape[0] - 1);
        }
        return Ops.GatherRows(rows, Tensor.From(numbers, [numbers.Length], rows.Device));
    }

    static string IStoredLayer<GraphormerTables>.TypeName => "GraphormerTables";

    static GraphormerTables IStoredLayer<GraphormerTables>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("heads"), settings.Int("maxDegree"), settings.Int("maxInputDistance"), settings.Int("distanceRows"));

    void IStoredLayer<GraphormerTables>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("heads", Heads).Set("maxDegree", _inDegree.Shape[0] - 1)
        .Set("maxInputDistance", _inputDistance.Shape[0] - 1).Set("distanceRows", _distance.Shape[0]);
}
