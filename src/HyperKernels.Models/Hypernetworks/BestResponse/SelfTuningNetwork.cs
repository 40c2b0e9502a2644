using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A network that knows how its best weights follow from its hyperparameters, so that these can be learned while it trains: a hypernetwork that reads
/// the hyperparameters as numbers without bounds, and a target whose <see cref="TunedDropout"/> layers are given their values.
/// </summary>
/// <remarks>
/// <para>
/// Hyperparameters enter twice: into the weights, which is what a gradient comes back through, and into what they mean (dropout rates, a weight
/// decay in the loss), which is detached. <see cref="SelfTuner"/> trains both. <see cref="For"/> makes the published network,
/// <see cref="StochasticBestResponse"/> one with any hypernetwork in its place.
/// </para>
/// <para>Source: MacKay, Vicol, Lorraine, Duvenaud, Grosse, Self-Tuning Networks, ICLR 2019 (arXiv 1903.03088), and the authors' code.</para>
/// </remarks>
public sealed class SelfTuningNetwork : TensorLayer, IStoredLayer<SelfTuningNetwork>
{
    private const string ConditionName = "hyperparameters";

    private readonly string[] _rates;

    static SelfTuningNetwork()
    {
        LayerTypes.Register<SelfTuningNetwork>();
        LayerTypes.Register<BestResponseEmission>();
        LayerTypes.Register<HyperparameterSpace>();
        LayerTypes.Register<TunedDropout>();
    }

    /// <summary>Joins a hypernetwork and the hyperparameters that it reads.</summary>
    /// <param name="network">Takes one condition, <c>[C, n]</c>.</param>
    /// <param name="space">The hyperparameters.</param>
    /// <exception cref="ArgumentException">A <see cref="TunedDropout"/> of the target has the name of no hyperparameter, or that of a group.</exception>
    public SelfTuningNetwork(HyperNetwork network, HyperparameterSpace space)
    {
        Network = Add("network", network);
        Space = Add("space", space);
        _rates = [.. network.Target.Find<TunedDropout>().Select(static found => found.Layer.Name).Distinct()];
        if (_rates.FirstOrDefault(name => !space.Hyperparameters.Any(one => one.Name == name && one.Size == 1)) is { } unknown)
        {
            throw new ArgumentException(
                $"SelfTuningNetwork: every TunedDropout needs a hyperparameter of its name, of size 1; \"{unknown}\" has none among {space.ToString().Split("  ")[0]}.",
                nameof(space));
        }
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "stn",
        Title = "Self-tuning network (STN)",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper(
            "MacKay, Vicol, Lorraine, Duvenaud, Grosse", "Self-Tuning Networks: Bilevel Optimization of Hyperparameters using Structured Best-Response Functions", "ICLR", 2019)
        {
            Arxiv = "1903.03088",
        },
        Equation = "W(l) = W_elem + (V l) * W_hyper by rows, b(l) = b_elem + (C l) * b_hyper; l trained on validation loss, weights on l + softplus(s) n",
        Source = "section 3, and the authors' code, asteroidhouse/self-tuning-networks",
        Layers = [typeof(SelfTuningNetwork), typeof(BestResponseEmission), typeof(HyperparameterSpace), typeof(TunedDropout)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Components, HyperArchitecture.Mlp, DynamicInput: true, DynamicWeights: true),
        Cases = ["STN best-response layer", "STN hyperparameter map", "Self-Tuning Networks"],
        Recipe = "stn-digits",
    };

    /// <summary>Gives the target's weights for hyperparameters.</summary>
    public HyperNetwork Network { get; }

    /// <summary>The hyperparameters.</summary>
    public HyperparameterSpace Space { get; }

    /// <summary>Makes any network self-tuning: every one of its tensors becomes a best response (<see cref="BestResponseEmission"/>).</summary>
    /// <param name="target">Any layer; its values become those of W_elem.</param>
    /// <param name="space">The hyperparameters that are learned.</param>
    /// <param name="parameters">Which parameters respond: a pattern over dotted names; the others are trained as they are.</param>
    /// <param name="elementScale">Whether W_elem of each layer is multiplied by a learned number, as in the authors' convolutional networks.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">No parameter matches, or a dropout layer names no hyperparameter.</exception>
    public static SelfTuningNetwork For(
        Layer target, HyperparameterSpace space, string parameters = "*", bool elementScale = false, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(space);
        BestResponseEmission emission = new(target, space.Size, parameters, elementScale, random);
        // The emission reads hyperparameters as they are.
        GeneratorMlp generator = new(space.Size, [], Activation.None, Initializer.Zeros);
        return new SelfTuningNetwork(new HyperNetwork(target, Conditioning(space), generator, emission), space);
    }

    /// <summary>Runs the network with the hyperparameters as they stand.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <returns>The target's output.</returns>
    public override Tensor Forward(Tensor input) => Forward(input, Space.Current);

    /// <summary>Runs the network with given hyperparameters.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="unconstrained">The hyperparameters as numbers without bounds, <c>[C, n]</c>, C dividing B: each row serves B / C consecutive samples.</param>
    /// <returns>The target's output.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    /// <remarks>Differentiable in both; of the hyperparameters through the weights alone.</remarks>
    public Tensor Forward(Tensor input, Tensor unconstrained)
    {
        using IDisposable? rates = UseRates(unconstrained);
        return Network.Forward(input, unconstrained);
    }

    /// <summary>Lets the target be run directly, for targets with several inputs: until the result is disposed, this flow sees weights and rates of the hyperparameters.</summary>
    /// <param name="unconstrained"><c>[C, n]</c>; with several rows the target runs per sample.</param>
    public IDisposable Apply(Tensor unconstrained) => new Block(Network.Apply(unconstrained), UseRates(unconstrained));

    /// <summary>The squared norm of each row's generated weights, biases included: what a weight decay in the loss multiplies.</summary>
    /// <param name="unconstrained"><c>[C, n]</c></param>
    /// <returns><c>[C]</c></returns>
    public Tensor SquaredNorms(Tensor unconstrained) => Network.Emission is BestResponseEmission response
        ? response.SquaredNorms(Network.Conditioning.Forward(unconstrained), Network.Generator)
        : Ops.Sum(Ops.Square(Network.Generate(unconstrained)), [1]);

    static string IStoredLayer<SelfTuningNetwork>.TypeName => "SelfTuningNetwork";

    static SelfTuningNetwork IStoredLayer<SelfTuningNetwork>.Read(LayerSettings settings) =>
        new(settings.Layer<HyperNetwork>("network"), settings.Layer<HyperparameterSpace>("space"));

    void IStoredLayer<SelfTuningNetwork>.WriteSettings(LayerSettings settings) => settings.SetLayer("network", Network).SetLayer("space", Space);

    /// <summary>One condition that takes all hyperparameters as they are.</summary>
    internal static DeclaredConditioning Conditioning(HyperparameterSpace space) => new([Condition.Raw(ConditionName, space.Size)]);

    private IDisposable? UseRates(Tensor unconstrained) => Training && _rates.Length > 0 ? RatesOf(unconstrained) : null;

    private IDisposable RatesOf(Tensor unconstrained)
    {
        Tensor values = Space.Values(Ops.Detach(unconstrained));
        return TunedDropout.Use(_rates.ToDictionary(static name => name, name => Space.Of(values, name)));
    }

    private sealed class Block(IDisposable weights, IDisposable? rates) : IDisposable
    {
        public void Dispose()
        {
            rates?.Dispose();
            weights.Dispose();
        }
    }
}
