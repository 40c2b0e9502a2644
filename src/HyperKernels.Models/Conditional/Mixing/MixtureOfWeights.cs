using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A layer, or a whole tree of layers, whose weights are mixed anew for every sample from E experts: <c>y_b = f(x_b; sum_e r_be theta_e)</c>. One merged set runs for
/// each sample, so that E experts cost little more than one wherever a sample has many pixels or tokens.
/// </summary>
/// <remarks>
/// The gate is any <see cref="MixtureGate"/>; what is mixed is chosen by name. What mixes outputs instead of weights is another model wherever the layers are not linear.
/// Sources: Yang, Bender, Le, Ngiam, CondConv, NeurIPS 2019 (arXiv 1904.04971); Muqeeth, Liu, Raffel, SMEAR, TMLR 2024 (arXiv 2306.03745). Ready-made forms:
/// <see cref="CondConv"/>, <see cref="ParameterNet"/>, <see cref="Smear"/>.
/// </remarks>
public sealed class MixtureOfWeights : TensorLayer, IStoredLayer<MixtureOfWeights>
{
    static MixtureOfWeights() => LayerTypes.Register<MixtureOfWeights>();

    /// <summary>Makes the weights of a target mixtures.</summary>
    /// <param name="target">Any layer; its parameters that are mixed are the experts' in shape alone.</param>
    /// <param name="gate">Weighs the experts.</param>
    /// <param name="parameters">Which parameters are mixed: a pattern over dotted names, <c>*weight</c>; the others are shared by all experts.</param>
    /// <param name="start">What draws an expert's first values of a parameter; null means what draws the target's.</param>
    /// <param name="random">Where first values of the experts come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">No parameter matches; the message shows one that there is.</exception>
    public MixtureOfWeights(
        TensorLayer target, MixtureGate gate, string parameters = "*", Func<NamedParameter, Initializer>? start = null, RandomStream? random = null)
        : this(Make(target, gate, parameters, start, random), gate)
    {
    }

    private MixtureOfWeights(HyperNetwork network, MixtureGate gate)
    {
        Gate = Add("gate", gate);
        Network = Add("network", network);
    }

    /// <summary>Weighs the experts.</summary>
    public MixtureGate Gate { get; }

    /// <summary>The target with its banks, as a hypernetwork whose condition are the weights of the experts, <c>[C, E]</c>.</summary>
    public HyperNetwork Network { get; }

    /// <summary>The experts, tensor by tensor in the target's order: E, then the axes of the tensor.</summary>
    public IReadOnlyList<Parameter> Banks => ((MixtureEmission)Network.Emission).Banks;

    /// <summary>Weighs the experts by what comes in, merges them and runs the target with what they give.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <returns>The target's output.</returns>
    /// <exception cref="ArgumentException">The input does not fit gate or target.</exception>
    public override Tensor Forward(Tensor input) => Forward(input, Gate.Forward(input));

    /// <summary>Runs the target with experts merged by given weights.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="routing">The weights of the experts <c>[C, E]</c>; C = 1 for all samples, C = B, or C divides B and serves B / C consecutive samples each.</param>
    /// <returns>The target's output.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor routing) => Network.Forward(input, routing);

    static string IStoredLayer<MixtureOfWeights>.TypeName => "MixtureOfWeights";

    static MixtureOfWeights IStoredLayer<MixtureOfWeights>.Read(LayerSettings settings) =>
        new(settings.Layer<HyperNetwork>("network"), settings.Layer<MixtureGate>("gate"));

    void IStoredLayer<MixtureOfWeights>.WriteSettings(LayerSettings settings) => settings.SetLayer("network", Network).SetLayer("gate", Gate);

    private static HyperNetwork Make(
        TensorLayer target, MixtureGate gate, string parameters, Func<NamedParameter, Initializer>? start, RandomStream? random)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(gate);
        int experts = gate.Experts;
        MixtureEmission emission = new(target, experts, parameters, start, random);
        // The emission reads the weights of the experts as they are.
        GeneratorMlp generator = new(experts, [], Activation.None, Initializer.Zeros);
        return new HyperNetwork(target, new DeclaredConditioning([Condition.Raw("routing", experts)]), generator, emission);
    }
}
