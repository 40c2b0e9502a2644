using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Embeds the operations of architectures: a row per kind of operation, to which the embeddings of the four sizes of its parameter are added, side
/// by side: outputs, inputs, height, width, a quarter of the numbers each.
/// </summary>
/// <remarks>
/// Sizes that the tables lack count as the nearest that they have; 2 and 4 to 7 as training on DeepNets-1M has them, as 3 and 8. Source: Knyazev and
/// others, NeurIPS 2021 (arXiv 2110.13100), and their code, facebookresearch/ppuda.
/// </remarks>
public sealed class ShapeEmbedding : Layer, IStoredLayer<ShapeEmbedding>
{
    private static readonly int s_operations = Enum.GetValues<GraphOperation>().Length;

    private readonly Parameter _operation;
    private readonly Parameter _channel;
    private readonly Parameter _spatial;
    private readonly int[] _channels;
    private readonly int[] _sizes;

    static ShapeEmbedding() => LayerTypes.Register<ShapeEmbedding>();

    /// <summary>Makes the tables, from N(0, 1) unless told otherwise.</summary>
    /// <param name="features">The numbers per node; a multiple of 4.</param>
    /// <param name="classes">The classes of the data, which are a size of their own.</param>
    /// <param name="maxKernel">The largest height and width that are told apart, 11 or more.</param>
    /// <param name="deviation">The deviation of first values, given the length of a row; null for 1.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">features is no multiple of 4, or a number is less than 1.</exception>
    public ShapeEmbedding(int features, int classes, int maxKernel = 11, Func<int, float>? deviation = null, RandomStream? random = null)
    {
        if (features < 4 || features % 4 != 0 || classes < 1 || maxKernel < 1)
        {
            throw new ArgumentException(
                $"ShapeEmbedding: features must be a multiple of 4, classes and maxKernel at least 1; got {features}, {classes} and {maxKernel}.");
        }
        Features = features;
        Classes = classes;
        MaxKernel = maxKernel;
        _channels = [.. new SortedSet<int>([1, 3, classes, .. Range(8, 64, 8), .. Range(64, 4096, 16), .. Range(4096, 8193, 32)])];
        _sizes = [.. new SortedSet<int>([.. Range(1, Math.Max(12, maxKernel), 2), 14, 16])];
        int quarter = features / 4;
        deviation ??= static _ => 1;
        Initializer wide = Initializer.Normal(0, deviation(features));
        Initializer narrow = Initializer.Normal(0, deviation(quarter));
        _operation = AddParameter("operation", [s_operations, features], wide, random, ParameterRole.Table);
        _channel = AddParameter("channel", [_channels.Length + 1, quarter], narrow, random, ParameterRole.Table);
        _spatial = AddParameter("spatial", [_sizes.Length + 1, quarter], narrow, random, ParameterRole.Table);
    }

    /// <summary>The numbers per node.</summary>
    public int Features { get; }

    /// <summary>The classes of the data.</summary>
    public int Classes { get; }

    /// <summary>The largest height and width that are told apart.</summary>
    public int MaxKernel { get; }

    /// <summary>Embeds the nodes of graphs.</summary>
    /// <returns><c>[N, F]</c></returns>
    public Tensor Forward(ArchitectureBatch graphs)
    {
        ArgumentNullException.ThrowIfNull(graphs);
        int[] operations = new int[graphs.NodeCount];
        int[] channels = new int[2 * graphs.NodeCount];
        int[] sizes = new int[2 * graphs.NodeCount];
        int i = 0;
        foreach (ArchitectureNode node in graphs.Nodes)
        {
            operations[i] = (int)node.Operation;
            // The last row of a table stands for nothing to tell.
            Span<int> known = node.Shape is { } shape ? FourAxes(shape, node.Operation) : [];
            channels[2 * i] = known.IsEmpty ? _channels.Length : Nearest(_channels, Channel(known[0]));
            channels[(2 * i) + 1] = known.IsEmpty ? _channels.Length : Nearest(_channels, Channel(known[1]));
            sizes[2 * i] = known.IsEmpty ? _sizes.Length : Nearest(_sizes, known[2] == 2 ? 3 : known[2]);
            sizes[(2 * i) + 1] = known.IsEmpty ? _sizes.Length : Nearest(_sizes, known[3] == 2 ? 3 : known[3]);
            i++;
        }
        Tensor own = Look(_operation, operations);
        Tensor wide = Ops.Reshape(Look(_channel, channels), [graphs.NodeCount, Features / 2]);
        Tensor high = Ops.Reshape(Look(_spatial, sizes), [graphs.NodeCount, Features / 2]);
        return Ops.Add(own, Ops.Concatenate(1, wide, high));
    }

    /// <summary>A shape with four axes: further ones have size 1; a table of positions <c>[1, P, F]</c> is a square of F inputs.</summary>
    internal static int[] FourAxes(Shape shape, GraphOperation operation) => shape.Rank switch
    {
        0 => [1, 1, 1, 1],
        1 => [shape[0], 1, 1, 1],
        2 => [shape[0], shape[1], 1, 1],
        3 when operation == GraphOperation.PositionEncoding => [1, shape[2], (int)Math.Sqrt(shape[1]), (int)Math.Sqrt(shape[1])],
        3 => [shape[0], shape[1], shape[2], 1],
        _ => [shape[0], shape[1], shape[2], shape[3]],
    };

    private int Channel(int channels) => channels is > 3 and < 8 && channels != Classes ? 8 : channels;

    // The first of the nearest.
    private static int Nearest(int[] sorted, int value)
    {
        int best = 0;
        for (int i = 1; i < sorted.Length; i++)
        {
            best = Math.Abs(sorted[i] - value) < Math.Abs(sorted[best] - value) ? i : best;
        }
        return best;
    }

    private static IEnumerable<int> Range(int from, int to, int step)
    {
        for (int value = from; value < to; value += step)
        {
            yield return value;
        }
    }

    private static Tensor Look(Parameter table, int[] rows)
    {
        Tensor values = table.Value;
        return Ops.GatherRows(values, Tensor.From(rows, [rows.Length], values.Device));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"ShapeEmbedding({Features}, classes: {Classes}, maxKernel: {MaxKernel})";

    static string IStoredLayer<ShapeEmbedding>.TypeName => "ShapeEmbedding";

    static ShapeEmbedding IStoredLayer<ShapeEmbedding>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("classes"), settings.Int("maxKernel"));

    void IStoredLayer<ShapeEmbedding>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("classes", Classes).Set("maxKernel", MaxKernel);
}
