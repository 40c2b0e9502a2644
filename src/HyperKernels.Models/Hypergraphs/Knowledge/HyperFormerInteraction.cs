using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The bidirectional interaction of HyperFormer between entity, relation and qualifier of a hyper-relational fact. Each pair is laid out as a picture in a
/// chequered order: <c>[p', q'] = BN(W flatten(relu(BN(conv(BN(order([p; q]))))))) </c> with circular padding; then each of the three gates what it has from
/// its two pairs: <c>fuse(a, b) = g a + (1 - g) b</c>, <c>g = sigmoid(F a + F b + 2 f)</c>.
/// </summary>
/// <remarks>
/// <para>
/// All three pairs and gates share their parameters. Pictures have <c>2 width</c> rows of <c>height</c>; features are <c>width * height</c>. The order is drawn once:
/// entity and relation alternate as the fields of a chequerboard, each in random order.
/// </para>
/// <para>
/// Source: Hu, Gutierrez-Basulto, Xiang, Li, Pan, HyperFormer: Enhancing Entity and Relation Interaction for Hyper-Relational Knowledge Graph Completion,
/// CIKM 2023 (arXiv 2308.06512), and the authors' code, zhiweihu1103/HKGC-HyperFormer.
/// </para>
/// </remarks>
public sealed class HyperFormerInteraction : Layer, IStoredLayer<HyperFormerInteraction>
{
    private readonly HyperFormerInteractionOptions _options;
    private readonly int[] _order;
    private readonly Parameter _kernels;
    private readonly PictureNorm _norm0;
    private readonly BatchNorm _norm1;
    private readonly Linear _linear;
    private readonly BatchNorm _norm3;
    private readonly Linear _gate;
    private readonly Dropout _inputDropout;
    private readonly Dropout _featureDropout;
    private readonly Dropout _hiddenDropout;

    static HyperFormerInteraction() => LayerTypes.Register<HyperFormerInteraction>();

    /// <summary>Makes the layer with the authors' first values: kernels Xavier-normal, linear layers as PyTorch's.</summary>
    /// <param name="width">Half the rows of a picture.</param>
    /// <param name="height">The length of its rows.</param>
    /// <param name="options">Everything else; null means the authors' choices.</param>
    /// <param name="order">
    /// Which of the <c>2 width height</c> features of a pair stands at each place, picture by picture; null draws a chequered order.
    /// </param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, the kernel is even or larger than the padding allows, or the order does not fit.</exception>
    public HyperFormerInteraction(int width, int height, HyperFormerInteractionOptions? options = null, IReadOnlyList<int>? order = null, RandomStream? random = null)
    {
        (Width, Height, _options) = (width, height, options ?? new HyperFormerInteractionOptions());
        (int channels, int kernel, int pictures) = (_options.Channels, _options.KernelSize, _options.Permutations);
        if (width < 1 || height < 1 || channels < 1 || pictures < 1 || kernel < 1 || kernel % 2 == 0 || kernel / 2 > Math.Min(2 * width, height))
        {
            throw new ArgumentException(
                "HyperFormerInteraction: sizes must be at least 1, and the kernel odd and at most twice the smaller side of a picture and one; "
                + $"got pictures of {2 * width} by {height}, {channels} channels, {pictures} permutations and kernel {kernel}.");
        }
        int pair = 2 * Features;
        _order = order is null ? Chequered(width, height, pictures, random ?? Initializer.Random) : [.. order];
        if (_order.Length != pictures * pair || _order.Any(at => (uint)at >= (uint)pair))
        {
            throw new ArgumentException($"HyperFormerInteraction: the order must be {pictures * pair} numbers below {pair}; got {_order.Length}.", nameof(order));
        }
        _kernels = AddParameter("conv_filt", [channels, 1, kernel, kernel], Initializer.XavierNormal(), random);
        _norm0 = Add("bn0", new PictureNorm(pictures));
        _norm1 = Add("bn1", new BatchNorm(channels * pictures));
        _norm3 = Add("bn3", new BatchNorm(pair));
        _linear = Add("fc2", new Linear(pair * channels * pictures, pair, random: random));
        _gate = Add("fuse", new Linear(Features, Features, random: random));
        _inputDropout = Add("input_dropout", new Dropout(_options.InputDropout, random));
        _featureDropout = Add("feature_dropout", new Dropout(_options.FeatureDropout, random));
        _hiddenDropout = Add("hidden_dropout", new Dropout(_options.HiddenDropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperformer-interaction",
        Title = "HyperFormer's interaction for hyper-relational facts",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper(
            "Hu, Gutierrez-Basulto, Xiang, Li, Pan", "HyperFormer: Enhancing Entity and Relation Interaction for Hyper-Relational Knowledge Graph Completion", "CIKM", 2023)
        {
            Arxiv = "2308.06512",
            Doi = "10.1145/3583780.3614922",
        },
        Equation = "[p', q'] = BN(W relu(BN(conv(BN(order([p; q])))))), e' = g e'_r + (1 - g) e'_q, g = sigmoid(F e'_r + F e'_q + 2 f), likewise r' and q'",
        Source = "section 3.2.3, and the authors' code, zhiweihu1103/HKGC-HyperFormer",
        Layers = [typeof(HyperFormerInteraction)],
        HypergraphDesign = new(
            HypergraphStructure.Hypergraph, HypergraphMessages.EdgeDependent, HypergraphAggregation.Learned, HypergraphTargets.Memberships,
            Features: HypergraphFeatures.Identity),
        Cases = ["hyperformer"],
    };

    /// <summary>Half the rows of a picture.</summary>
    public int Width { get; }

    /// <summary>The length of its rows.</summary>
    public int Height { get; }

    /// <summary>Features of an entity, a relation and a qualifier.</summary>
    public int Features => Width * Height;

    /// <summary>Which feature of a pair stands at each place, picture by picture.</summary>
    public IReadOnlyList<int> Order => _order;

    /// <summary>True while it trains: batch norms take the statistics of the batch.</summary>
    protected override bool MixesSamples => Training;

    /// <summary>Lets the three parts of facts act on each other.</summary>
    /// <param name="entity"><c>[B, features]</c>.</param>
    /// <param name="relation"><c>[B, features]</c>.</param>
    /// <param name="qualifier"><c>[B, features]</c>.</param>
    /// <returns>The three, <c>[B, features]</c> each.</returns>
    /// <exception cref="ArgumentException">A shape differs; or the layer trains and a norm has fewer than two values.</exception>
    public (Tensor Entity, Tensor Relation, Tensor Qualifier) Forward(Tensor entity, Tensor relation, Tensor qualifier)
    {
        Shape expected = [entity.Rank == 2 ? entity.Shape[0] : 0, Features];
        if (entity.Shape != expected || relation.Shape != expected || qualifier.Shape != expected)
        {
            throw new ArgumentException(
                $"HyperFormerInteraction: entity, relation and qualifier must be [batch, {Features}]; got {entity.Shape}, {relation.Shape} and {qualifier.Shape}.");
        }
        (Tensor entityOfRelation, Tensor relationOfEntity) = Combine(entity, relation);
        (Tensor entityOfQualifier, Tensor qualifierOfEntity) = Combine(entity, qualifier);
        (Tensor relationOfQualifier, Tensor qualifierOfRelation) = Combine(relation, qualifier);
        return (
            Fuse(entityOfRelation, entityOfQualifier), Fuse(relationOfEntity, relationOfQualifier), Fuse(qualifierOfEntity, qualifierOfRelation));
    }

    private static int[] Chequered(int width, int height, int pictures, RandomStream random)
    {
        int features = width * height;
        List<int> order = [];
        for (int picture = 0; picture < pictures; picture++)
        {
            (int[] first, int[] second) = (Shuffled(features, random), Shuffled(features, random));
            for (int at = 0; at < features; at++)
            {
                bool swapped = ((at / width) + picture) % 2 == 1;
                (int ofFirst, int ofSecond) = (first[at], features + second[at]);
                order.AddRange(swapped ? [ofSecond, ofFirst] : [ofFirst, ofSecond]);
            }
        }
        return [.. order];
    }

    private static int[] Shuffled(int count, RandomStream random)
    {
        float[] keys = new float[count];
        random.FillUniform(keys, 0, 1);
        int[] order = [.. Enumerable.Range(0, count)];
        Array.Sort(keys, order);
        return order;
    }

    // One side after the other: corners get what is at the opposite ones.
    private static Tensor PadCircularly(Tensor x, int by)
    {
        Tensor padded = x;
        foreach (int axis in (ReadOnlySpan<int>)[2, 3])
        {
            int size = padded.Shape[axis];
            padded = by == 0 ? padded : Ops.Concatenate(axis, Ops.Slice(padded, axis, size - by, by), padded, Ops.Slice(padded, axis, 0, by));
        }
        return padded;
    }

    private (Tensor First, Tensor Second) Combine(Tensor first, Tensor second)
    {
        (int batch, int pictures, int channels) = (first.Shape[0], _options.Permutations, _options.Channels);
        // A gather of columns is one of rows of the transposed.
        Tensor columns = Ops.GatherRows(Ops.Transpose(Ops.Concatenate(1, first, second)), Tensor.From(_order, [_order.Length], first.Device));
        Tensor x = Ops.Relu(Convolve(Ops.Reshape(Ops.Transpose(columns), batch, pictures, 2 * Width, Height)));
        if (Training && _options.FeatureDropout > 0)
        {
            x = Ops.Multiply(x, _featureDropout.Forward(Tensor.Ones([batch, channels * pictures, 1, 1], x.Device)));
        }
        x = _norm3.Forward(_hiddenDropout.Forward(_linear.Forward(Ops.Flatten(x))));
        return (Ops.Slice(x, 1, 0, Features), Ops.Slice(x, 1, Features, Features));
    }

    // Between two norms of the batch a picture's gain does next to nothing: where it can go behind the convolution it does, and has an exact gradient.
    private Tensor Convolve(Tensor picture)
    {
        bool behind = Training && _options.InputDropout == 0;
        Tensor normal = behind ? _norm0.Normalise(picture) : _inputDropout.Forward(_norm0.Forward(picture));
        Tensor kernels = Ops.Tile(_kernels.Value, _options.Permutations, 1, 1, 1);
        Tensor x = Ops.Conv2d(PadCircularly(normal, _options.KernelSize / 2), kernels, options: new Conv2dOptions(groups: _options.Permutations));
        if (!behind)
        {
            return _norm1.Forward(x);
        }
        (Tensor scale, Tensor shift) = _norm0.Behind(_kernels.Value);
        return _norm1.ForwardScaled(x, scale, shift);
    }

    private Tensor Fuse(Tensor a, Tensor b)
    {
        Tensor gate = Ops.Sigmoid(Ops.Add(_gate.Forward(a), _gate.Forward(b)));
        return Ops.Add(b, Ops.Multiply(gate, Ops.Subtract(a, b)));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"HyperFormerInteraction({Width}, {Height}, channels: {_options.Channels}, kernelSize: {_options.KernelSize})";

    static string IStoredLayer<HyperFormerInteraction>.TypeName => "HyperFormerInteraction";

    static HyperFormerInteraction IStoredLayer<HyperFormerInteraction>.Read(LayerSettings settings) => new(
        settings.Int("width"), settings.Int("height"),
        new HyperFormerInteractionOptions
        {
            Channels = settings.Int("channels"),
            KernelSize = settings.Int("kernelSize"),
            Permutations = settings.Int("permutations"),
            InputDropout = settings.Number("inputDropout"),
            FeatureDropout = settings.Number("featureDropout"),
            HiddenDropout = settings.Number("hiddenDropout"),
        },
        settings.Ints("order"));

    void IStoredLayer<HyperFormerInteraction>.WriteSettings(LayerSettings settings) => settings
        .Set("width", Width).Set("height", Height).Set("channels", _options.Channels).Set("kernelSize", _options.KernelSize)
        .Set("permutations", _options.Permutations).Set("inputDropout", _options.InputDropout).Set("featureDropout", _options.FeatureDropout)
        .Set("hiddenDropout", _options.HiddenDropout).Set("order", _order);
}
