using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A linear layer of a mixture of supernets: the weights of every sub-network are mixed for its architecture. <c>W_a = sum_e alpha_e W^e[:o, :i]</c> with
/// <c>alpha = softmax(L2 relu(L1 a))</c>, one coefficient per expert or one per expert and output neuron; biases likewise. Experts are cut to the sub-network's size before
/// they are mixed. After a search, <see cref="Collapse"/> gives the chosen one's plain layer.
/// </summary>
/// <remarks>
/// Not verified against the authors' code: the modules that mix are not in their repository, and this is the form that the paper describes in words. Two experts in most of
/// their runs. Source: Jawahar and others, Mixture-of-Supernets, Findings of ACL 2024 (arXiv 2306.04845).
/// </remarks>
public sealed class SupernetLinear : Layer, IStoredLayer<SupernetLinear>
{
    private readonly Mlp _router;

    static SupernetLinear() => LayerTypes.Register<SupernetLinear>();

    /// <summary>Makes the layer; every expert starts as a linear layer does.</summary>
    /// <param name="inFeatures">The inputs I of the largest sub-network.</param>
    /// <param name="outFeatures">The outputs O of the largest sub-network.</param>
    /// <param name="architectureFeatures">The numbers A that describe an architecture.</param>
    /// <param name="experts">The number E of experts.</param>
    /// <param name="hiddenFeatures">The width of the router's hidden layer.</param>
    /// <param name="routing">Whether coefficients are the layer's or each neuron's.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public SupernetLinear(
        int inFeatures,
        int outFeatures,
        int architectureFeatures,
        int experts = 2,
        int hiddenFeatures = 16,
        SupernetRouting routing = SupernetRouting.Layer,
        bool bias = true,
        RandomStream? random = null)
    {
        if (inFeatures < 1 || outFeatures < 1 || experts < 1)
        {
            throw new ArgumentException($"SupernetLinear: inFeatures, outFeatures and experts must be at least 1; got {inFeatures}, {outFeatures} and {experts}.");
        }
        Routing = routing;
        Experts = AddParameter("weight", [experts, outFeatures, inFeatures], Initializer.DefaultFor(inFeatures), random);
        Biases = bias ? AddParameter("bias", [experts, outFeatures], Initializer.DefaultFor(inFeatures), random, ParameterRole.Bias, Experts) : null;
        int coefficients = routing == SupernetRouting.Layer ? experts : experts * outFeatures;
        _router = Add("router", new Mlp([architectureFeatures, hiddenFeatures, coefficients], random: random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "mixture-of-supernets",
        Title = "Mixture-of-Supernets (MoS)",
        Kind = SystemKind.Conditional,
        Paper = new Paper(
            "Jawahar and others",
            "Mixture-of-Supernets: Improving Weight-Sharing Supernet Training with Architecture-Routed Mixture-of-Experts", "Findings of ACL", 2024)
        {
            Arxiv = "2306.04845",
        },
        Equation = "W_a = sum_e alpha_e W_e[:o, :i], alpha = softmax(L2 relu(L1 a)), or a row of alpha for every output neuron; biases likewise",
        Source = "the form described in words; not verified against the authors' code, which lacks the modules that mix",
        Layers = [typeof(SupernetLinear)],
        Cases = ["Mixture-of-Supernets"],
    };

    /// <summary>The experts' matrices, <c>[E, O, I]</c>.</summary>
    public Parameter Experts { get; }

    /// <summary>The experts' biases, <c>[E, O]</c>, or null.</summary>
    public Parameter? Biases { get; }

    /// <summary>Whether coefficients are the layer's or each neuron's.</summary>
    public SupernetRouting Routing { get; }

    /// <summary>Weighs the experts for architectures.</summary>
    /// <param name="architecture"><c>[A]</c>, or C of them, <c>[C, A]</c>.</param>
    /// <param name="outFeatures">The outputs o of the sub-network; null means all.</param>
    /// <returns><c>[C, E]</c>, or per neuron <c>[C, o, E]</c>; with one architecture C = 1.</returns>
    /// <exception cref="ArgumentException">The architecture has another length, or there are not as many outputs.</exception>
    public Tensor Coefficients(Tensor architecture, int? outFeatures = null)
    {
        Tensor rows = architecture.Rank == 1 ? Ops.Reshape(architecture, 1, -1) : architecture;
        Tensor logits = _router.Forward(rows);
        if (Routing == SupernetRouting.Layer)
        {
            return Ops.Softmax(logits);
        }
        Tensor perNeuron = Ops.Reshape(logits, rows.Shape[0], Experts.Shape[1], Experts.Shape[0]);
        return Ops.Softmax(Cut(perNeuron, 1, Used("outFeatures", outFeatures, Experts.Shape[1])));
    }

    /// <summary>Mixes the weights of sub-networks.</summary>
    /// <param name="architecture"><c>[A]</c>, or C of them, <c>[C, A]</c>.</param>
    /// <param name="inFeatures">Their inputs i; null means all.</param>
    /// <param name="outFeatures">Their outputs o; null means all.</param>
    /// <returns>The weight <c>[o, i]</c> (of C sets) and the bias <c>[o]</c> (<c>[C, o]</c>), or none.</returns>
    /// <exception cref="ArgumentException">The architecture has another length, or the layer has not as many inputs or outputs.</exception>
    public (Weight Weight, Tensor? Bias) Mix(Tensor architecture, int? inFeatures = null, int? outFeatures = null)
    {
        int outputs = Used("outFeatures", outFeatures, Experts.Shape[1]);
        int inputs = Used("inFeatures", inFeatures, Experts.Shape[2]);
        Tensor coefficients = Coefficients(architecture, outputs);
        Tensor bank = Cut(Cut(Experts.Value, 1, outputs), 2, inputs);
        Tensor? biases = Biases is null ? null : Cut(Biases.Value, 1, outputs);
        bool single = coefficients.Shape[0] == 1;
        if (Routing == SupernetRouting.Layer)
        {
            Tensor? mixed = biases is { } each ? Ops.Matmul(coefficients, each) : null;
            return (Weight.Mixture(coefficients, bank), single && mixed is { } one ? Ops.Reshape(one, outputs) : mixed);
        }
        // [C, E, o, 1] times the bank, and the experts added up.
        Tensor shares = Ops.Transpose(coefficients);
        Tensor weight = Ops.Sum(Ops.Multiply(Ops.Reshape(shares, shares.Shape[0], shares.Shape[1], outputs, 1), bank), [1]);
        Tensor? bias = biases is { } rows ? Ops.Sum(Ops.Multiply(shares, rows), [1]) : null;
        return single ? (Ops.Reshape(weight, outputs, inputs), bias is { } only ? Ops.Reshape(only, outputs) : null) : (weight, bias);
    }

    /// <summary>Runs a sub-network's layer.</summary>
    /// <param name="input"><c>[B, ..., i]</c>: as many inputs as the sub-network has.</param>
    /// <param name="architecture"><c>[A]</c> for all samples, or <c>[C, A]</c> with B / C consecutive samples for each.</param>
    /// <param name="outFeatures">The outputs o of the sub-network; null means all.</param>
    /// <returns><c>[B, ..., o]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor architecture, int? outFeatures = null)
    {
        (Weight weight, Tensor? bias) = Mix(architecture, input.Rank == 0 ? 0 : input.Shape[-1], outFeatures);
        return Ops.Linear(input, weight, bias);
    }

    /// <summary>The plain layer of one sub-network, for use after a search or for finetuning by itself.</summary>
    /// <param name="architecture"><c>[A]</c></param>
    /// <param name="inFeatures">Its inputs; null means all.</param>
    /// <param name="outFeatures">Its outputs; null means all.</param>
    /// <exception cref="ArgumentException">The architecture is not one, or the layer has not as many inputs or outputs.</exception>
    public Linear Collapse(Tensor architecture, int? inFeatures = null, int? outFeatures = null)
    {
        if (architecture.Rank != 1)
        {
            throw new ArgumentException($"SupernetLinear.Collapse: one architecture [A] is wanted; got {architecture.Shape}.", nameof(architecture));
        }
        using MemoryScope scope = new();
        (Weight weight, Tensor? bias) = Mix(architecture, inFeatures, outFeatures);
        Linear plain = new(weight.Shape[1], weight.Shape[0], bias is not null);
        plain.Weight.Load(weight.Materialize().ToArray());
        if (bias is { } values)
        {
            plain.Bias!.Load(values.ToArray());
        }
        return plain;
    }

    private static Tensor Cut(Tensor tensor, int axis, int length) => tensor.Shape[axis] == length ? tensor : Ops.Slice(tensor, axis, 0, length);

    private static int Used(string name, int? wanted, int most) => wanted is { } count && (count < 1 || count > most)
        ? throw new ArgumentException($"SupernetLinear: {name} of a sub-network must be from 1 to {most}; got {count}.", name)
        : wanted ?? most;

    static string IStoredLayer<SupernetLinear>.TypeName => "SupernetLinear";

    static SupernetLinear IStoredLayer<SupernetLinear>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("architectureFeatures"), settings.Int("experts"), settings.Int("hiddenFeatures"),
        settings.Choice<SupernetRouting>("routing"), settings.Flag("bias"));

    void IStoredLayer<SupernetLinear>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", Experts.Shape[2]).Set("outFeatures", Experts.Shape[1]).Set("architectureFeatures", _router.Layers[0].InFeatures)
        .Set("experts", Experts.Shape[0]).Set("hiddenFeatures", _router.Layers[0].OutFeatures).Set("routing", Routing).Set("bias", Biases is not null);

    /// <inheritdoc/>
    protected override string Describe() => $"SupernetLinear({Experts.Shape[2]}, {Experts.Shape[1]}, experts: {Experts.Shape[0]}, routing: {Routing})";
}
