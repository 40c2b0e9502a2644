using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Sample-efficient modality integration (SEMI): a hypernetwork reads a few samples of a new modality and gives every layer of a shared projector a change of low rank, so
/// that it projects that modality too: <c>h = attention([prefix; samples])</c>, <c>A_l, B_l, b_l = (alpha / r) G_l h_l</c>, <c>W_l = W_0 + (A_l B_l)^T</c>.
/// </summary>
/// <remarks>
/// <para>
/// The samples of a set are rows: an embedding of a text that describes the modality, then modality and text embeddings in turn. Factors of several sets are averaged,
/// then multiplied: as they are linear in what the prefix rows learn, that is averaged. While the adapter trains, factors stay apart (<see cref="Forward"/>); for use
/// they are merged (<see cref="Merge"/>).
/// </para>
/// <para>
/// The authors' training pass pairs factors with the projector's modules one by one and stops behind the first activation; this follows their merged projector.
/// Source: Ince, Martins, Mac Aodha, Ponti, arXiv 2509.04606, and the authors' code, ospanbatyr/sample-efficient-multimodality.
/// </para>
/// </remarks>
public sealed class SetConditionedAdapter : Layer, IStoredLayer<SetConditionedAdapter>
{
    // Files may hold the parts before a program uses them.
    static SetConditionedAdapter()
    {
        LayerTypes.Register<SetConditionedAdapter>();
        LayerTypes.Register<SampleSetConditioning>();
        LayerTypes.Register<LayerwiseLowRankEmission>();
    }

    private SetConditionedAdapter(HyperNetwork network)
    {
        DeltaEmission.Freeze(network, ((LayerwiseLowRankEmission)network.Emission).TrainsBase);
        Network = Add("network", network);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "semi",
        Title = "Sample-efficient modality integration (SEMI)",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Ince, Martins, Mac Aodha, Ponti", "Sample-efficient Integration of New Modalities into Large Language Models", "arXiv", 2025)
        {
            Arxiv = "2509.04606",
        },
        Equation = "h = attention([prefix; samples]); [A_l, B_l, b_l] = (alpha / r) (G_l h_l + g_l); W_l = W_0 + (A_l B_l)', c_l = c_0 + b_l",
        Source = "section 3; the authors' code, ospanbatyr/sample-efficient-multimodality (the merged projector)",
        Layers = [typeof(SetConditionedAdapter), typeof(SampleSetConditioning), typeof(LayerwiseLowRankEmission)],
        Design = new HypernetworkDesign(HyperInput.Data, HyperOutput.Heads, HyperArchitecture.Attention),
        Cases = ["SEMI"],
    };

    /// <summary>The projector, what reads samples and what generates its changes.</summary>
    public HyperNetwork Network { get; }

    /// <summary>The authors' projector: linear layers with GELU (the tanh form) between them.</summary>
    /// <param name="inFeatures">The features of the modality.</param>
    /// <param name="outFeatures">The features of the language model.</param>
    /// <param name="layers">The number of linear layers.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public static Mlp Projector(int inFeatures, int outFeatures, int layers = 2, RandomStream? random = null) =>
        new([inFeatures, .. Enumerable.Repeat(outFeatures, Math.Max(layers, 0))], Activation.GeluTanh, random: random);

    /// <summary>Makes an adapter for a projector.</summary>
    /// <param name="projector">Any layer with matrices, such as <see cref="Projector"/>; its values are those of W_0.</param>
    /// <param name="features">The width of samples' rows, no less than what the projector takes.</param>
    /// <param name="rank">r.</param>
    /// <param name="alpha">Factors are scaled by alpha / r; null means r.</param>
    /// <param name="heads">The heads of the attention.</param>
    /// <param name="encoder">What reads the samples.</param>
    /// <param name="encoderLayers">The layers of a transformer.</param>
    /// <param name="positions">Whether rows are told apart by their place.</param>
    /// <param name="bias">Whether biases change too.</param>
    /// <param name="dropout">Of the attention's weights.</param>
    /// <param name="trainsBase">Whether the projector trains too.</param>
    /// <param name="random">Where first values and dropout come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1 or does not fit another.</exception>
    public static SetConditionedAdapter For(
        TensorLayer projector,
        int features = 768,
        int rank = 32,
        float? alpha = null,
        int heads = 4,
        SetEncoder encoder = SetEncoder.Attention,
        int encoderLayers = 1,
        bool positions = true,
        bool bias = true,
        float dropout = 0.05f,
        bool trainsBase = false,
        RandomStream? random = null)
    {
        LayerwiseLowRankEmission emission = new(projector, features, rank, alpha ?? rank, bias: bias, trainsBase: trainsBase, random: random);
        SampleSetConditioning conditioning = new(emission.Width / features, features, heads, encoder, encoderLayers, positions, dropout, random);
        return new SetConditionedAdapter(new HyperNetwork(projector, conditioning, new Sequential(), emission));
    }

    /// <summary>Projects with the changes that sets of samples ask for, factors apart from the projector's weights.</summary>
    /// <param name="input">The projector's input, B samples along the first axis.</param>
    /// <param name="sets">One or more sets, each <c>[n, w]</c> for the whole batch, or <c>[C, n, w]</c> with C dividing B.</param>
    /// <returns>The projector's output.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, params ReadOnlySpan<Tensor> sets) => Network.Forward(input, sets);

    /// <summary>The projector of a modality by itself, with its changes added up; further training may begin from it.</summary>
    /// <param name="sets">One or more sets, each <c>[n, w]</c>.</param>
    /// <exception cref="ArgumentException">A set has another shape, or there are several weight sets.</exception>
    /// <exception cref="InvalidOperationException">The projector holds a layer of a class that is not registered.</exception>
    public TensorLayer Merge(params ReadOnlySpan<Tensor> sets)
    {
        using MemoryScope scope = new();
        Tensor flat = Network.Generate(sets);
        if (flat.Shape[0] != 1)
        {
            throw new ArgumentException($"SetConditionedAdapter.Merge: one weight set is wanted; the samples give {flat.Shape[0]}.", nameof(sets));
        }
        float[] values = flat.ToArray();
        TensorLayer merged = ((TensorLayer)Network.Target).Copy();
        Dictionary<string, Parameter> own = merged.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        foreach (ManifestEntry entry in Network.Manifest.Entries)
        {
            own[entry.Name].Load(values.AsSpan(entry.Offset, entry.Count));
        }
        foreach (Parameter parameter in own.Values)
        {
            parameter.RequiresGradient = true;
        }
        return merged;
    }

    /// <summary>A random isometry: multiplying a modality's embeddings by it makes a further modality to train with, as the authors do.</summary>
    /// <param name="features">The features of an embedding.</param>
    /// <param name="random">Draws it.</param>
    /// <returns>An orthogonal matrix, <c>[features, features]</c>.</returns>
    /// <exception cref="ArgumentException">features is below 1, or its square is more than an array holds.</exception>
    public static Tensor Isometry(int features, RandomStream random)
    {
        if (features < 1 || (long)features * features > Array.MaxLength)
        {
            throw new ArgumentException($"SetConditionedAdapter.Isometry: features must be from 1 to {(int)Math.Sqrt(Array.MaxLength)}; got {features}.", nameof(features));
        }
        Shape shape = [features, features];
        float[] values = new float[features * features];
        Initializer.Orthogonal().Fill(values, shape, random);
        return Tensor.From(values, shape);
    }

    static string IStoredLayer<SetConditionedAdapter>.TypeName => "SetConditionedAdapter";

    static SetConditionedAdapter IStoredLayer<SetConditionedAdapter>.Read(LayerSettings settings) => new(settings.Layer<HyperNetwork>("network"));

    void IStoredLayer<SetConditionedAdapter>.WriteSettings(LayerSettings settings) => settings.SetLayer("network", Network);
}
