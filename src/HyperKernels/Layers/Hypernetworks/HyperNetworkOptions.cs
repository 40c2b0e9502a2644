namespace HyperKernels.Layers;

/// <summary>How the output layer's weights start.</summary>
public enum HyperInitialization
{
    /// <summary>Rows of every tensor normal with std gain / sqrt(count), hidden layers Kaiming fan-out (MIP, as in its published library).</summary>
    Mip,

    /// <summary>Variances that give the generated weights the scale of a Kaiming fan-in start (Chang, Flokas, Lipson, ICLR 2020).</summary>
    HyperfanIn,

    /// <summary>As <see cref="HyperfanIn"/>, with generated biases that start at zero, so that the weights get the whole of the variance.</summary>
    HyperfanInWithoutBias,

    /// <summary>Variances that give the generated weights the scale of a Kaiming fan-out start (Chang, Flokas, Lipson, ICLR 2020).</summary>
    HyperfanOut,
}

/// <summary>What the generated weights are added to.</summary>
public enum BaseWeights
{
    /// <summary>Learnable weights that start as the target's own: its initialiser's draw or its pretrained values (the residual form).</summary>
    Target,

    /// <summary>Learnable weights that start at zero, gains of norms at the target's own: an ordinary bias of the output layer.</summary>
    Zero,

    /// <summary>Nothing: the plain form.</summary>
    None,
}

/// <summary>In which pieces weights are generated.</summary>
public enum EmissionPlan
{
    /// <summary>All at once, by one linear layer.</summary>
    Full,

    /// <summary>By one linear layer per tensor.</summary>
    Heads,

    /// <summary>Chunk by chunk, by one small linear layer and a learned embedding per chunk.</summary>
    Chunks,
}

/// <summary>The choices of a <see cref="HyperNetwork"/>; the defaults are those of MIP.</summary>
public sealed record HyperNetworkOptions
{
    /// <summary>How conditions between 0 and 1 are encoded.</summary>
    public Encoding Encoding { get; init; } = Encoding.CosSin;

    /// <summary>The widths of the generator's layers.</summary>
    public IReadOnlyList<int> Hidden { get; init; } = [16, 128];

    /// <summary>The generator's activation.</summary>
    public Activation Activation { get; init; } = Activation.LeakyRelu();

    /// <summary>
    /// Makes another generator: a layer from rows of the given size to rows of <see cref="GeneratorOutputs"/>; null means an MLP of
    /// <see cref="Hidden"/>.
    /// </summary>
    public Func<int, TensorLayer>? Generator { get; init; }

    /// <summary>The numbers per row that <see cref="Generator"/> gives.</summary>
    public int GeneratorOutputs { get; init; }

    /// <summary>In which pieces weights are generated.</summary>
    public EmissionPlan Emission { get; init; }

    /// <summary>Values of one chunk, for <see cref="EmissionPlan.Chunks"/>.</summary>
    public int ChunkSize { get; init; } = 1024;

    /// <summary>Length of a chunk embedding, for <see cref="EmissionPlan.Chunks"/>.</summary>
    public int ChunkEmbedding { get; init; } = 8;

    /// <summary>How weights are applied where there is a choice; the default is the planner's for each layer.</summary>
    public GeneratePlan Plan { get; init; }

    /// <summary>What the generated weights are added to.</summary>
    public BaseWeights Base { get; init; }

    /// <summary>How weights start.</summary>
    public HyperInitialization Initialization { get; init; }

    /// <summary>
    /// The mean square of the generator's inputs, for the hyperfan starts; null means that of the conditions: 1 for learned and raw ones, that of
    /// <see cref="Encoding"/> for ranges.
    /// </summary>
    public double? InputVariance { get; init; }

    /// <summary>Which parameters of the target are generated; null means those that the pattern names.</summary>
    public Func<NamedParameter, bool>? Where { get; init; }

    /// <summary>Where random starts come from; null means <see cref="Initializer.Random"/>.</summary>
    public RandomStream? Random { get; init; }
}
