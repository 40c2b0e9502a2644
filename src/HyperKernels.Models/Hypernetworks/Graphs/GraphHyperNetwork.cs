using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A hypernetwork that predicts all parameters of a network from its architecture: its operations are embedded, an encoder lets them hear of each
/// other along the graph, and a decoder makes the parameters of each, also for networks that it was not trained on.
/// </summary>
/// <remarks>
/// <para>
/// Any tree of layers can be predicted for. Training it is training networks with predicted parameters: <c>Predict(network).Forward(network, x)</c>, the
/// loss of what comes out, and the gradient, which reaches the hypernetwork. Running statistics of batch norms are not predicted: evaluate
/// with those of the batch (a layer that trains uses them), or estimate them first.
/// </para>
/// <para>
/// Source: Zhang, Ren, Urtasun, ICLR 2019 (GHN-1); Knyazev and others, NeurIPS 2021 (GHN-2); Knyazev, Hwang, Lacoste-Julien, ICML 2023 (GHN-3); Zhou and
/// others, 2024 (LoGAH). <see cref="GraphHyperNetworkOptions"/> has each; parts of your own go into the constructor.
/// </para>
/// </remarks>
public sealed class GraphHyperNetwork : Layer, IStoredLayer<GraphHyperNetwork>
{
    private readonly LayerNorm? _norm;

    // That makes it and its parts known to files.
    static GraphHyperNetwork() => _ = GraphSystems.Ghn1;

    /// <summary>Joins the parts.</summary>
    /// <param name="embedding">Embeds operations.</param>
    /// <param name="encoder">Lets them hear of each other.</param>
    /// <param name="decoder">Makes parameters.</param>
    /// <param name="layerNorm">Whether nodes are normalised before decoding.</param>
    /// <param name="normalise">Whether parameters get the magnitudes of <see cref="PredictedTensors"/>.</param>
    /// <exception cref="ArgumentException">The parts are for nodes of different sizes.</exception>
    public GraphHyperNetwork(ShapeEmbedding embedding, GraphEncoder encoder, GraphDecoder decoder, bool layerNorm = true, bool normalise = true)
    {
        ArgumentNullException.ThrowIfNull(embedding);
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(decoder);
        if (embedding.Features != encoder.Features || encoder.Features != decoder.Features)
        {
            throw new ArgumentException(
                $"GraphHyperNetwork: all parts must have one number of features; got {embedding.Features}, {encoder.Features} and {decoder.Features}.");
        }
        Embedding = Add("embedding", embedding);
        Encoder = Add("encoder", encoder);
        _norm = layerNorm ? Add("ln", new LayerNorm(encoder.Features)) : null;
        Decoder = Add("decoder", decoder);
        Normalise = normalise;
    }

    /// <summary>Embeds operations.</summary>
    public ShapeEmbedding Embedding { get; }

    /// <summary>Lets operations hear of each other.</summary>
    public GraphEncoder Encoder { get; }

    /// <summary>Makes parameters.</summary>
    public GraphDecoder Decoder { get; }

    /// <summary>Whether parameters get the magnitudes of <see cref="PredictedTensors"/>.</summary>
    public bool Normalise { get; }

    /// <summary>Makes a graph hypernetwork.</summary>
    /// <param name="options">The choices; null means GHN-2.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or features are no multiple of 4 or of the heads.</exception>
    public static GraphHyperNetwork Create(GraphHyperNetworkOptions? options = null, RandomStream? random = null)
    {
        options ??= new GraphHyperNetworkOptions();
        (int features, int classes, int channels, int size) = (options.Features, options.Classes, options.MaxChannels, options.MaxKernel);
        ShapeEmbedding embedding = new(features, classes, size, options.SmallStart ? static length => 1 / MathF.Sqrt(length) : null, random);
        GraphEncoder encoder = options.Encoder switch
        {
            GraphEncoderKind.Gated => new GatedGraphNetwork(features, options.VirtualEdges, options.Rounds, options.Cutoff, random),
            GraphEncoderKind.Graphormer => new GraphormerNetwork(features, options.Layers, options.Heads, options.Cutoff, random),
            GraphEncoderKind.None => new GraphNodeMlp(features, random),
            _ => throw new ArgumentException(
                $"GraphHyperNetwork: the encoder must be one of {string.Join(", ", Enum.GetNames<GraphEncoderKind>())}; got {options.Encoder}.", nameof(options)),
        };
        VectorDecoder? vectors = options.LowRank && !options.LowRankVectors
            ? null
            : new VectorDecoder(features, options.LowRank ? features / 2 : channels, classes, random);
        GraphDecoder decoder = options.LowRank
            ? new LowRankGraphDecoder(new LowRankDecoder(features, options.Rank, checked(channels * size), random: random), vectors)
            : new TiledGraphDecoder(new ConvDecoder(features, [channels, channels, size, size], classes, window: options.Window, random: random), vectors!);
        if (options.SmallStart)
        {
            Shrink([.. decoder is TiledGraphDecoder tiled ? tiled.Kernels.LastLayers : [], .. vectors is null ? [] : new[] { vectors.Mlp.Layers[^1] }]);
        }
        return new GraphHyperNetwork(embedding, encoder, decoder, options.LayerNorm, options.Normalise);
    }

    /// <summary>Encodes the nodes of architectures: what parameters are made from.</summary>
    /// <param name="graphs">The architectures.</param>
    /// <returns><c>[N, F]</c></returns>
    public Tensor Encode(ArchitectureBatch graphs)
    {
        Tensor nodes = Encoder.Forward(Embedding.Forward(graphs), graphs);
        return _norm is null ? nodes : _norm.Forward(nodes);
    }

    /// <summary>Predicts all parameters of a network.</summary>
    /// <param name="network">Any tree of layers; only its architecture is read.</param>
    public PredictedParameters Predict(Layer network) => Predict(new ArchitectureBatch(ArchitectureGraph.Of(network)))[0];

    /// <summary>Predicts the parameters of several architectures at once.</summary>
    /// <param name="graphs">The architectures.</param>
    /// <returns>Those of each, by the names of its nodes.</returns>
    public IReadOnlyList<PredictedParameters> Predict(ArchitectureBatch graphs)
    {
        Tensor nodes = Encode(graphs);
        List<WantedTensor> wanted = [];
        List<(int Graph, string Name)> places = [];
        for (int g = 0; g < graphs.Graphs.Count; g++)
        {
            IReadOnlyList<ArchitectureNode> own = graphs.Graphs[g].Nodes;
            for (int i = 0; i < own.Count; i++)
            {
                if (own[i] is { Parameter: { } name, Shape: { } shape })
                {
                    wanted.Add(new WantedTensor(graphs.FirstNode(g) + i, KindOf(own, i), shape, own[i].Operation));
                    places.Add((g, name));
                }
                if (own[i] is { Shift: { } shift, Shape: { } length })
                {
                    wanted.Add(new WantedTensor(graphs.FirstNode(g) + i, WantedKind.Bias, length, own[i].Operation));
                    places.Add((g, shift));
                }
            }
        }
        Weight[] weights = new Weight[wanted.Count];
        Decoder.Decode(nodes, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(wanted), Normalise, weights);
        Dictionary<string, Weight>[] byName = [.. graphs.Graphs.Select(static _ => new Dictionary<string, Weight>())];
        for (int i = 0; i < weights.Length; i++)
        {
            byName[places[i].Graph].Add(places[i].Name, weights[i]);
        }
        return [.. byName.Select(static named => new PredictedParameters(named))];
    }

    /// <summary>Overwrites a network's parameters with predicted ones: a start to train from.</summary>
    /// <param name="network">Any tree of layers.</param>
    public void PredictInto(Layer network)
    {
        using MemoryScope scope = new();
        Predict(network).CopyInto(network);
    }

    // The last layer is a class layer if it gives as many numbers as there are classes.
    private WantedKind KindOf(IReadOnlyList<ArchitectureNode> nodes, int i)
    {
        ArchitectureNode node = nodes[i];
        bool last = i == nodes.Count - 1;
        switch (node.Operation)
        {
            case GraphOperation.BatchNorm or GraphOperation.LayerNorm or GraphOperation.GroupNorm or GraphOperation.RmsNorm:
                return WantedKind.Gain;
            case GraphOperation.Table or GraphOperation.PositionEncoding:
                return WantedKind.Table;
            case GraphOperation.Bias:
                return last && i > 0 && IsClassWeight(nodes[i - 1]) ? WantedKind.ClassBias : WantedKind.Bias;
            default:
                last |= i == nodes.Count - 2 && nodes[^1].Operation == GraphOperation.Bias;
                return node.Shape!.Value.Rank < 2 ? WantedKind.Bias : last && IsClassWeight(node) ? WantedKind.ClassWeight : WantedKind.Weight;
        }
    }

    private bool IsClassWeight(ArchitectureNode node) => node.Shape is { Rank: 2 } shape && shape[0] == Embedding.Classes;

    private static void Shrink(IEnumerable<Linear> layers)
    {
        foreach (Linear layer in layers)
        {
            layer.Weight.Load(Array.ConvertAll(layer.Weight.OwnValue.ToArray(), static value => value / 5));
            layer.Bias!.Load(new float[layer.OutFeatures]);
        }
    }

    static string IStoredLayer<GraphHyperNetwork>.TypeName => "GraphHyperNetwork";

    static GraphHyperNetwork IStoredLayer<GraphHyperNetwork>.Read(LayerSettings settings) => new(
        settings.Layer<ShapeEmbedding>("embedding"), settings.Layer<GraphEncoder>("encoder"), settings.Layer<GraphDecoder>("decoder"),
        settings.Flag("layerNorm"), settings.Flag("normalise"));

    void IStoredLayer<GraphHyperNetwork>.WriteSettings(LayerSettings settings) => settings
        .SetLayer("embedding", Embedding).SetLayer("encoder", Encoder).SetLayer("decoder", Decoder)
        .Set("layerNorm", _norm is not null).Set("normalise", Normalise);
}
