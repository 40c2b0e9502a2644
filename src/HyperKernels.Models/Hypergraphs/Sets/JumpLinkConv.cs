using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Smoothing over hyperedges with a link to the first features: <c>s = (1 - alpha) mean over e of (mean over e's members of x) + alpha x0</c>,
/// <c>x' = (1 - beta) s + beta MLP(s)</c>.
/// </summary>
/// <remarks>The variant of ED-HNN's code that is made like UniGCNII: no perceptron stands between nodes and hyperedges. Source: the authors' code of ED-HNN.</remarks>
public sealed class JumpLinkConv : EdHnnLayer, IStoredLayer<JumpLinkConv>
{
    private readonly SetMlp _mlp;

    static JumpLinkConv() => LayerTypes.Register<JumpLinkConv>();

    /// <summary>Makes the layer with PyTorch's first values of linear layers.</summary>
    /// <param name="features">Features of a node, before and afterwards.</param>
    /// <param name="layers">The perceptron's linear layers.</param>
    /// <param name="aggregation">How members make a hyperedge, and hyperedges a node.</param>
    /// <param name="alpha">The share of the first features.</param>
    /// <param name="beta">How much of the perceptron is applied.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or alpha is not in [0, 1].</exception>
    public JumpLinkConv(
        int features, int layers = 2, SetAggregation aggregation = SetAggregation.Sum, float alpha = 0.5f, float beta = 1, RandomStream? random = null)
        : base(features, features)
    {
        CheckAlpha(alpha);
        (Layers, Aggregation, Alpha, Beta) = (layers, aggregation, alpha, beta);
        _mlp = Add("W", new SetMlp(features, features, features, layers, random: random));
    }

    /// <summary>The perceptron's linear layers.</summary>
    public int Layers { get; }

    /// <summary>How members make a hyperedge, and hyperedges a node.</summary>
    public SetAggregation Aggregation { get; }

    /// <summary>The share of the first features.</summary>
    public float Alpha { get; }

    /// <summary>How much of the perceptron is applied.</summary>
    public float Beta { get; }

    private protected override Tensor Convolve(Tensor nodes, Tensor initial, Incidence incidence)
    {
        Tensor smooth = Average(Average(nodes, incidence, Toward.Edges, Aggregation), incidence, Toward.Nodes, Aggregation);
        Tensor x = Restart(smooth, initial, Alpha);
        Tensor changed = _mlp.Forward(x);
        return Beta == 1 ? changed : Ops.Add(Ops.MultiplyScalar(x, 1 - Beta), Ops.MultiplyScalar(changed, Beta));
    }

    static string IStoredLayer<JumpLinkConv>.TypeName => "JumpLinkConv";

    static JumpLinkConv IStoredLayer<JumpLinkConv>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("layers"), settings.Choice<SetAggregation>("aggregation"), settings.Number("alpha"), settings.Number("beta"));

    void IStoredLayer<JumpLinkConv>.WriteSettings(LayerSettings settings) => settings
        .Set("features", InFeatures).Set("layers", Layers).Set("aggregation", Aggregation).Set("alpha", Alpha).Set("beta", Beta);
}
