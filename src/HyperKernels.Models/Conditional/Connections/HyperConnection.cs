using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A block between n residual streams that are mixed anew for every token: <c>M = alpha^T H</c>, <c>H' = beta block(M_0) + M_1..n</c>, with
/// <c>alpha = A + s_a tanh(N W_a)</c>, <c>beta = B + s_b tanh(N w_b)</c> and N the normalised streams; the static form leaves the tanh terms out.
/// </summary>
/// <remarks>
/// A fresh one equals a plain residual connection from stream <c>layerIndex mod n</c>: A starts as <c>[e | I]</c>, B at 1, the dynamic weights at 0 and their scales at
/// 0.01. <see cref="Expand"/> copies features into streams before the first block, <see cref="Merge"/> adds streams up behind the last. Do not decay A and B. Source:
/// Zhu and others, Hyper-Connections, ICLR 2025 (arXiv 2409.19606), eq. 1 to 13.
/// </remarks>
public sealed class HyperConnection : TensorLayer, IStoredLayer<HyperConnection>
{
    private const float FirstScale = 1e-2f;
    private const float Epsilon = 1e-5f;

    private readonly Parameter _alpha;
    private readonly Parameter _beta;
    private readonly Parameter? _dynamicAlpha;
    private readonly Parameter? _dynamicBeta;
    private readonly Parameter? _alphaScale;
    private readonly Parameter? _betaScale;
    private readonly Parameter? _gain;
    private readonly Parameter? _shift;

    static HyperConnection() => LayerTypes.Register<HyperConnection>();

    /// <summary>Puts a block between streams.</summary>
    /// <param name="block">Maps <c>[B, ..., features]</c> to the same shape.</param>
    /// <param name="features">D, the size of a token.</param>
    /// <param name="streams">n; 4 is the authors' choice.</param>
    /// <param name="layerIndex">The block's number in its network: which stream it reads at first.</param>
    /// <param name="isDynamic">Whether the mixing follows the token.</param>
    /// <param name="norm">How streams are normalised before that.</param>
    /// <param name="activation">On what is generated: tanh unless given.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or the index is negative.</exception>
    public HyperConnection(
        TensorLayer block, int features, int streams = 4, int layerIndex = 0, bool isDynamic = true, StreamNorm norm = StreamNorm.Layer, Activation? activation = null)
    {
        if (features < 1 || streams < 1 || layerIndex < 0)
        {
            throw new ArgumentException(
                $"HyperConnection: features and streams must be at least 1, and layerIndex not negative; got {features}, {streams} and {layerIndex}.");
        }
        (Features, Streams, LayerIndex, IsDynamic, Norm) = (features, streams, layerIndex, isDynamic, norm);
        GeneratedActivation = activation ?? Activation.Tanh;
        _alpha = AddParameter("static_alpha", [streams, 1 + streams], new FirstMixing(layerIndex % streams));
        _beta = AddParameter("static_beta", [streams], Initializer.Ones);
        if (isDynamic)
        {
            _gain = AddParameter("norm_gain", [features], norm == StreamNorm.Layer ? Initializer.Ones : Initializer.Zeros, role: ParameterRole.Gain);
            _shift = norm == StreamNorm.Layer ? AddParameter("norm_shift", [features], Initializer.Zeros, role: ParameterRole.Bias) : null;
            _dynamicAlpha = AddParameter("dynamic_alpha", [1 + streams, features], Initializer.Zeros);
            _dynamicBeta = AddParameter("dynamic_beta", [1, features], Initializer.Zeros);
            _alphaScale = AddParameter("alpha_scale", [1], Initializer.Constant(FirstScale), role: ParameterRole.Gain);
            _betaScale = AddParameter("beta_scale", [1], Initializer.Constant(FirstScale), role: ParameterRole.Gain);
        }
        Block = Add("block", block);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyper-connections",
        Title = "Hyper-Connections, static and dynamic",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Zhu and others", "Hyper-Connections", "ICLR", 2025) { Arxiv = "2409.19606" },
        Equation = "M = alpha' H, H' = beta block(M_0) + M_1..n, alpha = A + s_a tanh(N W_a), beta = B + s_b tanh(N w_b)",
        Source = "eq. 1 to 13; the length norm as in lucidrains/hyper-connections",
        Layers = [typeof(HyperConnection)],
        Cases = ["Hyper-Connections"],
    };

    /// <summary>D, the size of a token.</summary>
    public int Features { get; }

    /// <summary>n.</summary>
    public int Streams { get; }

    /// <summary>The block's number in its network.</summary>
    public int LayerIndex { get; }

    /// <summary>Whether the mixing follows the token.</summary>
    public bool IsDynamic { get; }

    /// <summary>How streams are normalised before weights are made of them.</summary>
    public StreamNorm Norm { get; }

    /// <summary>What is between the streams.</summary>
    public TensorLayer Block { get; }

    /// <summary>On what is generated.</summary>
    public Activation GeneratedActivation { get; }

    /// <summary>Copies features into n streams.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <param name="streams">n.</param>
    /// <returns><c>[B, ..., n, D]</c></returns>
    public static Tensor Expand(Tensor input, int streams)
    {
        Shape shape = input.Shape.Insert(input.Rank - 1, 1);
        return Ops.BroadcastTo(Ops.Reshape(input, shape), shape.With(-2, streams));
    }

    /// <summary>Adds streams up.</summary>
    /// <param name="streams"><c>[B, ..., n, D]</c></param>
    /// <returns><c>[B, ..., D]</c></returns>
    public static Tensor Merge(Tensor streams) => Ops.Sum(streams, [streams.Rank - 2]);

    /// <summary>Mixes the streams, runs the block on the first mixture and gives its answer to all.</summary>
    /// <param name="input">H, <c>[B, ..., n, D]</c></param>
    /// <returns>H', of the same shape.</returns>
    /// <exception cref="ArgumentException">The last two axes have other sizes, or the block changes the shape.</exception>
    public override Tensor Forward(Tensor input)
    {
        (Tensor read, Tensor kept, Tensor beta) = Mix(input);
        Tensor answer = Block.Forward(read);
        if (answer.Shape != read.Shape)
        {
            throw new ArgumentException($"HyperConnection: the block must keep the shape {read.Shape}; it gave {answer.Shape}.");
        }
        return Ops.Add(Ops.Multiply(beta, Ops.Reshape(answer, answer.Shape.Insert(answer.Rank - 1, 1))), kept);
    }

    /// <summary>Mixes the streams.</summary>
    /// <param name="input">H, <c>[B, ..., n, D]</c></param>
    /// <returns>
    /// What the block reads, <c>[B, ..., D]</c>; the new streams without its answer, <c>[B, ..., n, D]</c>; and what each stream takes of it,
    /// <c>[B, ..., n, 1]</c>, or for all tokens <c>[n, 1]</c>.
    /// </returns>
    /// <exception cref="ArgumentException">The last two axes have other sizes.</exception>
    public (Tensor Read, Tensor Kept, Tensor Beta) Mix(Tensor input)
    {
        if (input.Rank < 3 || input.Shape[-1] != Features || input.Shape[-2] != Streams)
        {
            throw new ArgumentException($"HyperConnection: the input must be [batch, ..., {Streams}, {Features}]; got {input.Shape}. Expand makes streams.", nameof(input));
        }
        (Tensor alpha, Tensor beta) = (_alpha.Value, Ops.Reshape(_beta.Value, Streams, 1));
        if (IsDynamic)
        {
            Tensor normed = Norm == StreamNorm.Layer
                ? Ops.LayerNorm(input, 1, _gain!.Value, _shift!.Value, Epsilon)
                : Ops.Multiply(Ops.L2Normalize(input), Ops.MultiplyScalar(Ops.AddScalar(_gain!.Value, 1), MathF.Sqrt(Features)));
            alpha = Ops.Add(Ops.Multiply(Ops.Linear(normed, _dynamicAlpha!, activation: GeneratedActivation), _alphaScale!.Value), alpha);
            beta = Ops.Add(Ops.Multiply(Ops.Linear(normed, _dynamicBeta!, activation: GeneratedActivation), _betaScale!.Value), beta);
        }
        Tensor mixed = Ops.Matmul(alpha, input, transposeA: true);
        int axis = input.Rank - 2;
        return (Ops.Reshape(Ops.Slice(mixed, axis, 0, 1), Without(input.Shape, axis)), Ops.Slice(mixed, axis, 1, Streams), beta);
    }

    static string IStoredLayer<HyperConnection>.TypeName => "HyperConnection";

    static HyperConnection IStoredLayer<HyperConnection>.Read(LayerSettings settings) => new(
        settings.Layer<TensorLayer>("block"), settings.Int("features"), settings.Int("streams"), settings.Int("layerIndex"), settings.Flag("isDynamic"),
        settings.Choice<StreamNorm>("norm"), settings.Activation());

    void IStoredLayer<HyperConnection>.WriteSettings(LayerSettings settings) => settings
        .SetLayer("block", Block).Set("features", Features).Set("streams", Streams).Set("layerIndex", LayerIndex).Set("isDynamic", IsDynamic).Set("norm", Norm)
        .SetActivation(GeneratedActivation);

    /// <inheritdoc/>
    protected override string Describe() => $"HyperConnection({Features}, streams: {Streams}, layerIndex: {LayerIndex}{(IsDynamic ? "" : ", isDynamic: false")})";

    private static Shape Without(Shape shape, int axis) => new([.. shape.AsSpan()[..axis], .. shape.AsSpan()[(axis + 1)..]]);

    /// <summary>[e | I]: the block reads one stream, and every stream goes on as it is.</summary>
    private sealed class FirstMixing(int stream) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            values.Clear();
            values[stream * shape[1]] = 1;
            for (int row = 0; row < shape[0]; row++)
            {
                values[(row * shape[1]) + 1 + row] = 1;
            }
        }
    }
}
