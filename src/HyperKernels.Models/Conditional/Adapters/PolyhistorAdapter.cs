using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Adapters for every layer of a model and every task: each matrix is a small kernel of the layer times a template of the task, <c>D_lt = S_l (x) T_t</c>, and the head
/// that makes templates is itself a product of two thin matrices, <c>T_t = reshape(U V z_t)</c>. <c>y = x + U_lt act(D_lt x + d_l) + u_l</c>.
/// </summary>
/// <remarks>
/// Neither a Kronecker product nor a head is written out: the template multiplies blocks of the features, then the kernel mixes the blocks. Fresh adapters change nothing,
/// since templates of the way up start at zero. Source: Liu, Ma, Tian, He, Kira, Polyhistor, NeurIPS 2022 (arXiv 2210.03265), by its abstract: decomposed hypernetworks
/// and layer-wise scaling kernels. First values, biases (a layer's own) and the activation are not verified against the authors' code.
/// </remarks>
public sealed class PolyhistorAdapter : Layer, IStoredLayer<PolyhistorAdapter>
{
    private readonly int _rank;
    private readonly Parameter[] _thin;
    private readonly Parameter[] _heads;
    private readonly Parameter[] _kernels;
    private readonly Parameter[] _biases;

    static PolyhistorAdapter() => LayerTypes.Register<PolyhistorAdapter>();

    /// <summary>Makes heads, kernels and biases.</summary>
    /// <param name="features">D, the model's width; the kernel divides it.</param>
    /// <param name="bottleneck">r, the width of an adapter; the kernel divides it.</param>
    /// <param name="layers">How many layers the model has.</param>
    /// <param name="conditions">The size of a task's vector z.</param>
    /// <param name="kernel">n: a layer's scaling kernels are n x n.</param>
    /// <param name="rank">The inner size of a decomposed head.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or the kernel does not divide features and bottleneck.</exception>
    public PolyhistorAdapter(int features, int bottleneck, int layers, int conditions, int kernel = 4, int rank = 4, RandomStream? random = null)
    {
        if (features < 1 || bottleneck < 1 || layers < 1 || conditions < 1 || kernel < 1 || rank < 1 || features % kernel != 0 || bottleneck % kernel != 0)
        {
            throw new ArgumentException(
                $"PolyhistorAdapter: sizes must be at least 1, and the kernel must divide features and bottleneck; got {features} features, a bottleneck of {bottleneck}, {layers} "
                + $"layers, {conditions} conditions, a kernel of {kernel} and a rank of {rank}.");
        }
        (Features, Bottleneck, Layers, Conditions, Kernel, _rank) = (features, bottleneck, layers, conditions, kernel, rank);
        int template = features / kernel * (bottleneck / kernel);
        string[] ways = ["down", "up"];
        _thin = [.. ways.Select(way => AddParameter($"{way}_thin", [rank, conditions], Initializer.Default, random))];
        _heads =
        [
            .. ways.Select(way => AddParameter($"{way}_head", [template, rank], way == "up" ? Initializer.Zeros : Initializer.Normal(0, 1 / MathF.Sqrt(features * rank)), random)),
        ];
        _kernels = [.. ways.Select(way => AddParameter($"{way}_kernels", [layers, kernel, kernel], Initializer.Normal(0, 1), random))];
        _biases = [.. ways.Select(way => AddParameter($"{way}_biases", [layers, way == "up" ? features : bottleneck], Initializer.Zeros, random, ParameterRole.Bias))];
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "polyhistor",
        Title = "Polyhistor: decomposed hypernetworks and scaling kernels",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Liu, Ma, Tian, He, Kira", "Polyhistor: Parameter-Efficient Multi-Task Adaptation for Dense Vision Tasks", "NeurIPS", 2022) { Arxiv = "2210.03265" },
        Equation = "y = x + U act(D x + d_l) + u_l, D = S_l (x) reshape(U1 V1 z), U = S'_l (x) reshape(U2 V2 z)",
        Source = "the abstract: decomposed hypernetworks, layer-wise scaling kernels; not verified against the authors' code",
        Layers = [typeof(PolyhistorAdapter)],
    };

    /// <summary>D.</summary>
    public int Features { get; }

    /// <summary>r.</summary>
    public int Bottleneck { get; }

    /// <summary>How many layers have kernels.</summary>
    public int Layers { get; }

    /// <summary>The size of a task's vector.</summary>
    public int Conditions { get; }

    /// <summary>n.</summary>
    public int Kernel { get; }

    /// <summary>Adds what the tasks' adapter of a layer gives.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <param name="tasks">z, <c>[C, conditions]</c>, C dividing B.</param>
    /// <param name="layer">The layer's number.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or there is no such layer.</exception>
    public Tensor Forward(Tensor input, Tensor tasks, int layer)
    {
        if (input.Rank < 2 || input.Shape[-1] != Features || tasks.Rank != 2 || tasks.Shape[1] != Conditions || layer < 0 || layer >= Layers)
        {
            throw new ArgumentException(
                $"PolyhistorAdapter: input must be [samples, ..., {Features}], tasks [sets, {Conditions}], and the layer from 0 to {Layers - 1}; got {input.Shape}, {tasks.Shape} "
                + $"and {layer}.");
        }
        Tensor inside = Ops.Relu(Product(input, tasks, layer, up: false));
        return Ops.Add(input, Product(inside, tasks, layer, up: true));
    }

    // (S (x) T) x with x cut into n blocks: T multiplies each block, then S mixes the blocks.
    private Tensor Product(Tensor x, Tensor tasks, int layer, bool up)
    {
        int way = up ? 1 : 0;
        int inputs = x.Shape[-1] / Kernel;
        int outputs = (up ? Features : Bottleneck) / Kernel;
        Tensor thin = Ops.Linear(tasks, _thin[way].Value);
        Weight template = Weight.Generated(thin, Ops.Reshape(_heads[way].Value, outputs, inputs, _rank), null);
        Tensor rows = Ops.Reshape(x, x.Shape[0], -1, inputs);
        Tensor blocks = Ops.Reshape(Ops.Linear(rows, template), -1, Kernel, outputs);
        Tensor kernel = Ops.Reshape(Ops.Slice(_kernels[way].Value, 0, layer, 1), Kernel, Kernel);
        Tensor mixed = Ops.Permute(Ops.Linear(Ops.Permute(blocks, 0, 2, 1), kernel), 0, 2, 1);
        Tensor bias = Ops.Reshape(Ops.Slice(_biases[way].Value, 0, layer, 1), Kernel * outputs);
        return Ops.Add(Ops.Reshape(mixed, x.Shape.With(x.Rank - 1, Kernel * outputs)), bias);
    }

    static string IStoredLayer<PolyhistorAdapter>.TypeName => "PolyhistorAdapter";

    static PolyhistorAdapter IStoredLayer<PolyhistorAdapter>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("bottleneck"), settings.Int("layers"), settings.Int("conditions"), settings.Int("kernel"), settings.Int("rank"));

    void IStoredLayer<PolyhistorAdapter>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("bottleneck", Bottleneck).Set("layers", Layers).Set("conditions", Conditions).Set("kernel", Kernel).Set("rank", _rank);
}
