using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The dynamic hypernetwork: a recurrent cell reads the input, and its state, one number per embedding, scales the embeddings that chunks of weights
/// are made of. <c>s_t = tanh(W_i x_t + b_i + W_h s_(t-1) + b_h)</c>, <c>chunk_j = W (s_t[j] z_j) + b</c>, <c>y_t = target(x_t; theta_t)</c>: every
/// sample has weights of its own in every step.
/// </summary>
/// <remarks>
/// Source: shyamsn97/hyper-nn (TorchDynamicHyperNetwork), after Ha, Dai, Le, ICLR 2017 (arXiv 1609.09106). The library takes one sample at a time; here
/// samples run side by side.
/// </remarks>
public sealed class DynamicHyperNetwork : Layer, IStoredLayer<DynamicHyperNetwork>
{
    private readonly TanhCell _cell;

    static DynamicHyperNetwork()
    {
        LayerTypes.Register<DynamicHyperNetwork>();
        LayerTypes.Register<ScaledChunkEmission>();
    }

    /// <summary>Makes the cell and the hypernetwork with PyTorch's first values.</summary>
    /// <param name="target">Any layer from one tensor to one; its own values are not used.</param>
    /// <param name="inFeatures">The size of what the cell reads.</param>
    /// <param name="embeddings">N, the number of embeddings and chunks, and the size of the state.</param>
    /// <param name="embedding">The length of an embedding.</param>
    /// <param name="chunkSize">The values of a chunk; null for as few as suffice.</param>
    /// <param name="parameters">Which of the target's parameters are generated: a pattern over dotted names.</param>
    /// <param name="random">Where random starts come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is too small, or no parameter matches.</exception>
    public DynamicHyperNetwork(
        TensorLayer target, int inFeatures, int embeddings = 3, int embedding = 100, int? chunkSize = null, string parameters = "*", RandomStream? random = null)
        : this(inFeatures, embeddings, Generating(target, embeddings, embedding, chunkSize, parameters, random), random)
    {
    }

    private DynamicHyperNetwork(int inFeatures, int embeddings, HyperNetwork network, RandomStream? random)
    {
        if (inFeatures < 1)
        {
            throw new ArgumentException($"DynamicHyperNetwork: inFeatures must be at least 1; got {inFeatures}.", nameof(inFeatures));
        }
        InFeatures = inFeatures;
        Embeddings = embeddings;
        _cell = Add("cell", new TanhCell(inFeatures, embeddings, random));
        Network = Add("network", network);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "dynamic-chunks",
        Title = "Dynamic hypernetwork over chunk embeddings",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Ha, Dai, Le", "HyperNetworks", "ICLR", 2017) { Arxiv = "1609.09106" },
        Equation = "s_t = tanh(W_i x_t + b_i + W_h s_(t-1) + b_h); chunk_j = W (s_t[j] z_j) + b; y_t = target(x_t; theta_t)",
        Source = "the library shyamsn97/hyper-nn, TorchDynamicHyperNetwork",
        Layers = [typeof(DynamicHyperNetwork), typeof(ScaledChunkEmission)],
        Design = new HypernetworkDesign(HyperInput.Data, HyperOutput.Chunks, HyperArchitecture.Rnn, DynamicInput: true, DynamicWeights: true),
        Cases = ["hyper-nn dynamic hypernetwork"],
    };

    /// <summary>The size of what the cell reads.</summary>
    public int InFeatures { get; }

    /// <summary>N: the number of embeddings and chunks, and the size of the state.</summary>
    public int Embeddings { get; }

    /// <summary>From a state, its condition, to weights.</summary>
    public HyperNetwork Network { get; }

    /// <summary>Takes a step of the cell.</summary>
    /// <param name="input"><c>[B, inFeatures]</c></param>
    /// <param name="state">The last step's result; null before the first, for zeros.</param>
    /// <returns>The new state <c>[B, N]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Step(Tensor input, Tensor? state = null)
    {
        if (input.Rank != 2 || input.Shape[1] != InFeatures)
        {
            throw new ArgumentException($"DynamicHyperNetwork: the cell's input must be [samples, {InFeatures}]; got {input.Shape}.", nameof(input));
        }
        int batch = input.Shape[0];
        if (state is { } given && (given.Rank != 2 || given.Shape[0] != batch || given.Shape[1] != Embeddings))
        {
            throw new ArgumentException($"DynamicHyperNetwork: the state must be [{batch}, {Embeddings}]; got {given.Shape}. Null begins with zeros.", nameof(state));
        }
        return _cell.Forward(input, state ?? Tensor.Zeros([batch, Embeddings], input.Device));
    }

    /// <summary>Takes a step, and runs the target on the same input with the weights of the new state.</summary>
    /// <param name="input"><c>[B, inFeatures]</c></param>
    /// <param name="state">The last step's result; null before the first.</param>
    /// <returns>The target's output, and the new state <c>[B, N]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public (Tensor Output, Tensor State) Forward(Tensor input, Tensor? state = null)
    {
        Tensor next = Step(input, state);
        return (Network.Forward(input, next), next);
    }

    /// <summary>Generates the flat weights of a state, <c>[B, P]</c>.</summary>
    public Tensor Generate(Tensor state) => Network.Generate(state);

    static string IStoredLayer<DynamicHyperNetwork>.TypeName => "DynamicHyperNetwork";

    static DynamicHyperNetwork IStoredLayer<DynamicHyperNetwork>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("embeddings"), settings.Layer<HyperNetwork>("network"), null);

    void IStoredLayer<DynamicHyperNetwork>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("embeddings", Embeddings).SetLayer("network", Network);

    private static HyperNetwork Generating(
        TensorLayer target, int embeddings, int embedding, int? chunkSize, string parameters, RandomStream? random)
    {
        ArgumentNullException.ThrowIfNull(target);
        ScaledChunkEmission emission = new(TargetManifest.Of(target, parameters), embeddings, embedding, chunkSize, random);
        return new HyperNetwork(target, new DeclaredConditioning([Condition.Raw("state", embeddings)]), new Sequential(), emission);
    }
}
