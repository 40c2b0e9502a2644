using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A few-shot learner that reads how examples relate, not what they are: the kernel matrix <c>K = k(S, S)</c> of a task's support embeddings goes through a neck and a
/// head for each tensor of a small classifier, and the classifier reads the relations <c>k(S, q)</c> of a query.
/// </summary>
/// <remarks>
/// <para>
/// The order of the classes is part of the input: label k is the class at place k of the support set. Gradients reach the embeddings through both arguments of the
/// kernel. The classifier's weights stay factored.
/// </para>
/// <para>
/// Source: Sendera and others, HyperShot: Few-Shot Learning by Kernel HyperNetworks, WACV 2023 (arXiv 2203.11378), and the authors' code,
/// gmum/few-shot-hypernets-public: neck and heads are linear layers with ReLU between, and none behind the last of either.
/// </para>
/// </remarks>
public sealed class HyperShot : Layer, IStoredLayer<HyperShot>
{
    private readonly Mlp? _kernel;
    private readonly Mlp? _neck;
    private readonly (Mlp Weight, Mlp Bias)[] _heads;
    private readonly int[] _sizes;

    static HyperShot() => LayerTypes.Register<HyperShot>();

    /// <summary>Makes the learner.</summary>
    /// <param name="features">The size of an embedding.</param>
    /// <param name="ways">Classes of a task.</param>
    /// <param name="shots">Examples of a class.</param>
    /// <param name="options">Everything else; null means the authors' defaults.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public HyperShot(int features, int ways, int shots, HyperShotOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new HyperShotOptions();
        int[] sizes =
        [
            features, ways, shots, Options.HeadLayers, Options.HiddenFeatures, Options.TargetLayers, Options.TargetHiddenFeatures, Options.KernelLayers,
            Options.KernelHiddenFeatures, Options.KernelFeatures, Options.NeckLayers + 1,
        ];
        if (sizes.Min() < 1)
        {
            throw new ArgumentException($"HyperShot: sizes must be at least 1, and neck layers not negative; got {features} features, {ways} ways, {shots} shots, {Options}.");
        }
        (Features, Ways, Shots) = (features, ways, shots);
        int relations = ways * (Options.Aggregation == SupportAggregation.Concatenate ? shots : 1);
        int hidden = Options.HiddenFeatures;
        if (Options.Kernel is SupportKernel.Network or SupportKernel.CosineNetwork)
        {
            int[] layers = [features, .. Enumerable.Repeat(Options.KernelHiddenFeatures, Options.KernelLayers), Options.KernelFeatures];
            _kernel = Add("kernel", new Mlp(layers, Activation.Relu, random: random));
        }
        _neck = Options.NeckLayers == 0
            ? null
            : Add("neck", new Mlp([relations * relations, .. Enumerable.Repeat(hidden, Options.NeckLayers)], Activation.Relu, random: random));
        int read = _neck is null ? relations * relations : hidden;
        _sizes = [relations, .. Enumerable.Repeat(Options.TargetHiddenFeatures, Options.TargetLayers - 1), ways];
        _heads = new (Mlp, Mlp)[Options.TargetLayers];
        for (int layer = 0; layer < _heads.Length; layer++)
        {
            int[] before = [read, .. Enumerable.Repeat(hidden, Options.HeadLayers - 1)];
            _heads[layer] = (
                Add($"head_weight{layer}", new Mlp([.. before, _sizes[layer] * _sizes[layer + 1]], Activation.Relu, random: random)),
                Add($"head_bias{layer}", new Mlp([.. before, _sizes[layer + 1]], Activation.Relu, random: random)));
        }
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hypershot",
        Title = "HyperShot",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Sendera and others", "HyperShot: Few-Shot Learning by Kernel HyperNetworks", "WACV", 2023) { Arxiv = "2203.11378" },
        Equation = "theta_t = head_t(neck(k(S, S))), logits = classifier(k(S, q); theta)",
        Source = "section 3; the authors' code, gmum/few-shot-hypernets-public",
        Layers = [typeof(HyperShot)],
        Cases = ["HyperShot"],
        Recipe = "hypershot-digits",
    };

    /// <summary>The size of an embedding.</summary>
    public int Features { get; }

    /// <summary>Classes of a task.</summary>
    public int Ways { get; }

    /// <summary>Examples of a class.</summary>
    public int Shots { get; }

    /// <summary>Everything else.</summary>
    public HyperShotOptions Options { get; }

    /// <summary>Learns each task from its support set and classifies its queries.</summary>
    /// <param name="support">Embeddings <c>[T, ways, shots, features]</c> of T tasks.</param>
    /// <param name="queries">Embeddings <c>[T, Q, features]</c>.</param>
    /// <returns>Logits <c>[T, Q, ways]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Forward(Tensor support, Tensor queries)
    {
        Tensor rows = Aggregate(support);
        if (queries.Rank != 3 || queries.Shape[0] != rows.Shape[0] || queries.Shape[2] != Features)
        {
            throw new ArgumentException($"HyperShot: the queries must be [{rows.Shape[0]}, queries, {Features}]; got {queries.Shape}.", nameof(queries));
        }
        return Classify(Relations(queries, rows), Generate(Relations(rows, rows)));
    }

    /// <summary>Makes the rows of the kernel matrix.</summary>
    /// <param name="support">Embeddings <c>[T, ways, shots, features]</c>.</param>
    /// <returns><c>[T, ways, features]</c>, or with all examples <c>[T, ways * shots, features]</c>.</returns>
    /// <exception cref="ArgumentException">The shape differs.</exception>
    public Tensor Aggregate(Tensor support)
    {
        if (support.Rank != 4 || support.Shape[1] != Ways || support.Shape[2] != Shots || support.Shape[3] != Features)
        {
            throw new ArgumentException($"HyperShot: the support set must be [tasks, {Ways}, {Shots}, {Features}]; got {support.Shape}.", nameof(support));
        }
        return Options.Aggregation switch
        {
            SupportAggregation.Mean => Ops.Mean(support, [2]),
            SupportAggregation.Max => Ops.Max(support, [2]),
            SupportAggregation.Min => Ops.Min(support, [2]),
            _ => Ops.Reshape(support, support.Shape[0], Ways * Shots, Features),
        };
    }

    /// <summary>Relates two sets of embeddings.</summary>
    /// <param name="a"><c>[T, N, features]</c></param>
    /// <param name="b"><c>[T, M, features]</c></param>
    /// <returns><c>[T, N, M]</c></returns>
    public Tensor Relations(Tensor a, Tensor b)
    {
        if (_kernel is not null)
        {
            (a, b) = (_kernel.Forward(a), _kernel.Forward(b));
        }
        return Options.Kernel switch
        {
            SupportKernel.CosineDistance => Ops.AddScalar(Ops.Neg(Cosines(a, b)), 1),
            SupportKernel.CosineNetwork => Ops.AddScalar(Cosines(a, b), 1),
            _ => Ops.Matmul(a, b, transposeB: true),
        };
    }

    /// <summary>Generates the classifiers of tasks.</summary>
    /// <param name="kernels">Kernel matrices <c>[T, R, R]</c>.</param>
    /// <returns>Weight and bias <c>[T, out]</c> of each layer; of one task <c>[out]</c>.</returns>
    public IReadOnlyList<(Weight Weight, Tensor Bias)> Generate(Tensor kernels)
    {
        Tensor read = Ops.Reshape(kernels, kernels.Shape[0], -1);
        read = _neck is null ? read : _neck.Forward(read);
        (Weight, Tensor)[] layers = new (Weight, Tensor)[_heads.Length];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            (int inputs, int outputs) = (_sizes[layer], _sizes[layer + 1]);
            Mlp head = _heads[layer].Weight;
            Linear last = head.Layers[^1];
            Tensor hidden = read;
            foreach (Linear linear in head.Layers.SkipLast(1))
            {
                hidden = linear.Forward(hidden, Activation.Relu);
            }
            layers[layer] = (
                Weight.Generated(hidden, Ops.Reshape(last.Weight.Value, outputs, inputs, last.InFeatures), Ops.Reshape(last.Bias!.Value, outputs, inputs)),
                // One set of weights serves all samples, and so does its bias.
                kernels.Shape[0] == 1 ? Ops.Reshape(_heads[layer].Bias.Forward(read), outputs) : _heads[layer].Bias.Forward(read));
        }
        return layers;
    }

    /// <summary>Runs classifiers.</summary>
    /// <param name="relations"><c>[T, Q, R]</c></param>
    /// <param name="layers">What <see cref="Generate"/> gave.</param>
    /// <returns><c>[T, Q, ways]</c></returns>
    public static Tensor Classify(Tensor relations, IReadOnlyList<(Weight Weight, Tensor Bias)> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        Tensor y = relations;
        for (int layer = 0; layer < layers.Count; layer++)
        {
            y = Ops.Linear(y, layers[layer].Weight, layers[layer].Bias, layer < layers.Count - 1 ? Activation.Relu : Activation.None);
        }
        return y;
    }

    static string IStoredLayer<HyperShot>.TypeName => "HyperShot";

    static HyperShot IStoredLayer<HyperShot>.Read(LayerSettings settings) => new(settings.Int("features"), settings.Int("ways"), settings.Int("shots"), new HyperShotOptions
    {
        Kernel = settings.Choice<SupportKernel>("kernel"),
        Aggregation = settings.Choice<SupportAggregation>("aggregation"),
        NeckLayers = settings.Int("neckLayers"),
        HeadLayers = settings.Int("headLayers"),
        HiddenFeatures = settings.Int("hiddenFeatures"),
        TargetLayers = settings.Int("targetLayers"),
        TargetHiddenFeatures = settings.Int("targetHiddenFeatures"),
        KernelLayers = settings.Int("kernelLayers"),
        KernelHiddenFeatures = settings.Int("kernelHiddenFeatures"),
        KernelFeatures = settings.Int("kernelFeatures"),
    });

    void IStoredLayer<HyperShot>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("ways", Ways).Set("shots", Shots).Set("kernel", Options.Kernel).Set("aggregation", Options.Aggregation)
        .Set("neckLayers", Options.NeckLayers).Set("headLayers", Options.HeadLayers).Set("hiddenFeatures", Options.HiddenFeatures)
        .Set("targetLayers", Options.TargetLayers).Set("targetHiddenFeatures", Options.TargetHiddenFeatures).Set("kernelLayers", Options.KernelLayers)
        .Set("kernelHiddenFeatures", Options.KernelHiddenFeatures).Set("kernelFeatures", Options.KernelFeatures);

    /// <inheritdoc/>
    protected override string Describe() => $"HyperShot({Features}, {Ways} ways, {Shots} shots, {Options.Kernel}, {Options.Aggregation})";

    private static Tensor Cosines(Tensor a, Tensor b) => Ops.Matmul(Ops.L2Normalize(a), Ops.L2Normalize(b), transposeB: true);
}
