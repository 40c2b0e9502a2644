using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The variant of ED-HNN that knows degrees: <c>h[e] = mean over the members v of MLP1(x[v])</c>, <c>m = MLP2([x[v]; h[e]; log |e|])</c> for every membership, and
/// <c>x'[v] = MLP3([mean of m; x[v]; x0[v]; log of the number of v's hyperedges])</c>.
/// </summary>
/// <remarks>
/// The logarithm of no members or hyperedges is taken as 0, where the authors' code has minus infinity. MLP2 is applied as in <see cref="EdHnnConv"/>. Its
/// perceptrons normalise and drop nothing. Source: the authors' code of ED-HNN.
/// </remarks>
public sealed class MeanDegreeConv : EdHnnLayer, IStoredLayer<MeanDegreeConv>
{
    private readonly int[] _layers;
    private readonly SetMlp _ofNodes;
    private readonly SetMlp _ofMemberships;
    private readonly SetMlp _last;

    static MeanDegreeConv() => LayerTypes.Register<MeanDegreeConv>();

    /// <summary>Makes the layer with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node at first and afterwards, and of a hyperedge.</param>
    /// <param name="mlp1Layers">The linear layers of MLP1.</param>
    /// <param name="mlp2Layers">Those of MLP2.</param>
    /// <param name="mlp3Layers">Those of MLP3.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1.</exception>
    public MeanDegreeConv(int inFeatures, int outFeatures, int mlp1Layers = 1, int mlp2Layers = 1, int mlp3Layers = 2, RandomStream? random = null)
        : base(inFeatures, outFeatures)
    {
        _layers = [mlp1Layers, mlp2Layers, mlp3Layers];
        _ofNodes = Add("W1", new SetMlp(inFeatures, outFeatures, outFeatures, mlp1Layers, random: random));
        _ofMemberships = Add("W2", new SetMlp(inFeatures + outFeatures + 1, outFeatures, outFeatures, mlp2Layers, random: random));
        _last = Add("W3", new SetMlp(inFeatures + (2 * outFeatures) + 1, outFeatures, outFeatures, mlp3Layers, random: random));
    }

    private protected override Tensor Convolve(Tensor nodes, Tensor initial, Incidence incidence)
    {
        Tensor means = Average(_ofNodes.Forward(nodes), incidence, Toward.Edges, SetAggregation.Mean);
        Tensor edges = Ops.Concatenate(1, means, LogCounts(incidence, Toward.Edges));
        Tensor read = _ofMemberships.ToNodes(nodes, edges, incidence, SetAggregation.Mean);
        return _last.Forward(Ops.Concatenate(1, read, nodes, initial, LogCounts(incidence, Toward.Nodes)));
    }

    static string IStoredLayer<MeanDegreeConv>.TypeName => "MeanDegreeConv";

    static MeanDegreeConv IStoredLayer<MeanDegreeConv>.Read(LayerSettings settings)
    {
        int[] layers = settings.Ints("layers");
        return layers.Length == 3
            ? new MeanDegreeConv(settings.Int("inFeatures"), settings.Int("outFeatures"), layers[0], layers[1], layers[2])
            : throw new FormatException($"MeanDegreeConv: there must be three perceptrons; the file has {layers.Length}.");
    }

    void IStoredLayer<MeanDegreeConv>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("layers", _layers);

    private static Tensor LogCounts(Incidence incidence, Toward toward) =>
        Ops.Reshape(Ops.Log(SegmentCounts.AtLeastOne(SegmentCounts.Of(incidence, toward))), -1, 1);
}
