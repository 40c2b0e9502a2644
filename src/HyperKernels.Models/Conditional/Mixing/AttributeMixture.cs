using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A layer whose weights are merged from experts by attributes: <c>y = f(x; sum_e g_e theta_e)</c> with the shares g of an <see cref="AttributeGate"/>. Tokens of one
/// attribute share one merged set, so that many experts cost what one costs; a sequence may hold two modalities, one behind the other.
/// </summary>
/// <remarks>
/// Where layers share a decision, <see cref="AttributeGate.Route"/> of the first is given to the others; where attributes never change, <see cref="Merge"/> leaves a
/// plain layer. Source: Zhu and others, Uni-Perceiver-MoE: Learning Sparse Generalist Models with Conditional MoEs, NeurIPS 2022 (arXiv 2206.04674), section 3, and the
/// authors' code, fundamentalvision/Uni-Perceiver.
/// </remarks>
public sealed class AttributeMixture : Layer, IStoredLayer<AttributeMixture>
{
    static AttributeMixture()
    {
        LayerTypes.Register<AttributeMixture>();
        LayerTypes.Register<AttributeGate>();
        LayerTypes.Register<MixtureOfWeights>();
        LayerTypes.Register<MixtureEmission>();
    }

    /// <summary>Makes the weights of a layer mixtures.</summary>
    /// <param name="target">The layer, usually <see cref="Linear"/>; gives the experts' shapes and first values.</param>
    /// <param name="gate">Weighs the experts.</param>
    /// <param name="random">Where first values of the experts come from; null means <see cref="Initializer.Random"/>.</param>
    public AttributeMixture(TensorLayer target, AttributeGate gate, RandomStream? random = null)
        : this(new MixtureOfWeights(target, gate, random: random))
    {
    }

    private AttributeMixture(MixtureOfWeights mixture)
    {
        Mixture = Add("mixture", mixture);
        Gate = (AttributeGate)mixture.Gate;
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "uni-perceiver-moe",
        Title = "Experts by attributes (Uni-Perceiver-MoE)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Zhu and others", "Uni-Perceiver-MoE: Learning Sparse Generalist Models with Conditional MoEs", "NeurIPS", 2022) { Arxiv = "2206.04674" },
        Equation = "y = (sum_e g_e W_e) x + sum_e g_e b_e, g = the k largest of softmax(W LN(A a + b)) for attributes a",
        Source = "the authors' code, fundamentalvision/Uni-Perceiver",
        Layers = [typeof(AttributeMixture), typeof(AttributeGate)],
        Cases = ["Uni-Perceiver-MoE"],
    };

    /// <summary>Weighs the experts.</summary>
    public AttributeGate Gate { get; }

    /// <summary>The layer with its experts.</summary>
    public MixtureOfWeights Mixture { get; }

    /// <summary>Merges and runs.</summary>
    /// <param name="input"><c>[B, S, ...]</c></param>
    /// <param name="attributes"><c>[1, attributes]</c> for all tokens; or <c>[2, attributes]</c>: of the first tokens, and of the rest.</param>
    /// <param name="first">How many tokens are of the first of two rows.</param>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor attributes, int first = 0) => Forward(input, Gate.Route(attributes), first);

    /// <summary>Merges and runs by a decision that was made: this layer's, or another's.</summary>
    /// <param name="input"><c>[B, S, ...]</c></param>
    /// <param name="routing">Of one or two rows of attributes.</param>
    /// <param name="first">How many tokens are of the first of two rows.</param>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Routing routing, int first = 0)
    {
        ArgumentNullException.ThrowIfNull(routing);
        Tensor gates = routing.Gates;
        (int rows, int length) = (gates.Shape[0], input.Shape[1]);
        if (rows is < 1 or > 2 || first < 0 || first > length)
        {
            throw new ArgumentException(
                $"AttributeMixture: one row of attributes serves all tokens, two share them out from 0 to {length}; got {rows} rows and {first} first tokens.", nameof(routing));
        }
        if (rows == 1)
        {
            return Mixture.Forward(input, gates);
        }
        Tensor Segment(int row, int start, int count) => Mixture.Forward(Ops.Slice(input, 1, start, count), Ops.Slice(gates, 0, row, 1));
        return first == 0 ? Segment(1, 0, length)
            : first == length ? Segment(0, 0, length)
            : Ops.Concatenate(1, Segment(0, 0, first), Segment(1, first, length - first));
    }

    /// <summary>Makes the plain layer that tokens of one attribute see.</summary>
    /// <param name="attributes"><c>[1, attributes]</c></param>
    /// <returns>A layer that shares nothing with this one.</returns>
    /// <exception cref="ArgumentException">The attributes have another shape.</exception>
    public TensorLayer Merge(Tensor attributes) => Mixture.Network.Materialize(Gate.Forward(attributes).ToArray());

    static string IStoredLayer<AttributeMixture>.TypeName => "AttributeMixture";

    static AttributeMixture IStoredLayer<AttributeMixture>.Read(LayerSettings settings) => new(settings.Layer<MixtureOfWeights>("mixture"));

    void IStoredLayer<AttributeMixture>.WriteSettings(LayerSettings settings) => settings.SetLayer("mixture", Mixture);
}
