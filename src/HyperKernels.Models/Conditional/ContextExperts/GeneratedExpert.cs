using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>An expert whose weights are generated from the context: the weights of a target, by any emission. They are generated once for a trajectory.</summary>
public sealed class GeneratedExpert : ContextExpert, IStoredLayer<GeneratedExpert>
{
    // Files may hold the parts before a program uses them.
    static GeneratedExpert()
    {
        LayerTypes.Register<GeneratedExpert>();
        LayerTypes.Register<Swish>();
        LayerTypes.Register<DiagonalEmission>();
        LayerTypes.Register<ShallowPlrnn>();
    }

    /// <summary>Makes an expert of a hypernetwork.</summary>
    /// <param name="network">Its condition is the context; its target maps states, or sequences of them, to the same shape.</param>
    /// <param name="shift">Whether a trained number, zero at first, is added to all numbers of a context.</param>
    /// <exception cref="ArgumentException">The target takes more than one tensor.</exception>
    public GeneratedExpert(HyperNetwork network, bool shift = false)
        : base(network?.Conditioning.Size ?? 0, shift)
    {
        if (network!.Target is not TensorLayer)
        {
            throw new ArgumentException($"GeneratedExpert: the target must map one tensor to one; it is a {network.Target.GetType().Name}.", nameof(network));
        }
        Network = Add("network", network);
    }

    /// <summary>The hypernetwork.</summary>
    public HyperNetwork Network { get; }

    private TensorLayer Target => (TensorLayer)Network.Target;

    /// <summary>CoDA: <c>theta = theta_0 + H c</c>, all weights of a perceptron shifted along a few directions.</summary>
    /// <param name="features">The features of a state.</param>
    /// <param name="contextFeatures">The numbers of a context.</param>
    /// <param name="hiddenFeatures">The width of the perceptron.</param>
    /// <param name="depth">Its linear maps, 2 or more.</param>
    /// <param name="activation">Between them; null means <see cref="Swish"/>, each with a steepness of its own.</param>
    /// <param name="shift">Whether a trained number is added to contexts.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or depth less than 2.</exception>
    /// <remarks>Source: Kirchmeyer and others, Generalizing to New Physical Systems via Context-Informed Dynamics Model, ICML 2022 (arXiv 2202.01889).</remarks>
    public static GeneratedExpert Coda(
        int features, int contextFeatures, int hiddenFeatures, int depth = 3, Activation? activation = null, bool shift = false, RandomStream? random = null)
    {
        Sequential target = Perceptron(features, hiddenFeatures, depth, activation, random);
        return Linear(target, contextFeatures, hasBase: true, shift, random);
    }

    /// <summary>GEPS: <c>W = W_0 + A diag(c) B</c> and <c>b = b_0 + A' c</c>, a change of low rank for every layer of a perceptron.</summary>
    /// <param name="features">The features of a state.</param>
    /// <param name="contextFeatures">The numbers of a context, which is the rank.</param>
    /// <param name="hiddenFeatures">The width of the perceptron.</param>
    /// <param name="depth">Its linear maps, 2 or more.</param>
    /// <param name="activation">Between them; null means <see cref="Swish"/>, each with a steepness of its own.</param>
    /// <param name="shift">Whether a trained number is added to contexts.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or depth less than 2.</exception>
    /// <remarks>
    /// Source: Kassai Koupai and others, Boosting Generalization in Parametric PDE Neural Solvers through Adaptive Conditioning, NeurIPS 2024 (arXiv 2410.23889).
    /// </remarks>
    public static GeneratedExpert Geps(
        int features, int contextFeatures, int hiddenFeatures, int depth = 3, Activation? activation = null, bool shift = false, RandomStream? random = null)
    {
        Sequential target = Perceptron(features, hiddenFeatures, depth, activation, random);
        return new GeneratedExpert(new HyperNetwork(target, Context(contextFeatures), new Sequential(), new DiagonalEmission(target, contextFeatures, random)), shift);
    }

    /// <summary>A hierarchical shallow piecewise linear recurrent network: all weights are <c>H c</c>.</summary>
    /// <param name="features">The features of an observation, which are those of a state.</param>
    /// <param name="contextFeatures">The numbers of a context.</param>
    /// <param name="hiddenFeatures">The width of the hidden layer.</param>
    /// <param name="leastForcing">The smallest share of the state against the observation, see <see cref="ShallowPlrnn"/>.</param>
    /// <param name="shift">Whether a trained number is added to contexts.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    /// <remarks>
    /// Source: Brenner, Weber, Koppe, Durstewitz, Learning Interpretable Hierarchical Dynamical Systems Models from Time Series Data, ICLR 2025 (arXiv 2410.04814).
    /// </remarks>
    public static GeneratedExpert HierarchicalPlrnn(
        int features, int contextFeatures, int hiddenFeatures, float leastForcing = 1, bool shift = false, RandomStream? random = null) =>
        Linear(new ShallowPlrnn(features, hiddenFeatures, leastForcing, random), contextFeatures, hasBase: false, shift, random);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor context) => Network.Forward(input, Shifted(context));

    /// <inheritdoc/>
    /// <remarks>A recurrent target is a map in discrete time: it follows its own states, and the length of a step has no meaning.</remarks>
    public override Tensor Trajectory(Tensor start, Tensor context, float step, int steps)
    {
        using IDisposable weights = Network.Apply(Shifted(context));
        return Target is ShallowPlrnn map ? map.Iterate(start, steps) : RungeKutta.Solve(Target.Forward, start, step, steps);
    }

    static string IStoredLayer<GeneratedExpert>.TypeName => "GeneratedExpert";

    static GeneratedExpert IStoredLayer<GeneratedExpert>.Read(LayerSettings settings) => new(settings.Layer<HyperNetwork>("network"), settings.Flag("shift"));

    void IStoredLayer<GeneratedExpert>.WriteSettings(LayerSettings settings) => settings.SetLayer("network", Network).Set("shift", Shifts);

    private static DeclaredConditioning Context(int features) => new([Condition.Raw("context", features)]);

    private static GeneratedExpert Linear(TensorLayer target, int contextFeatures, bool hasBase, bool shift, RandomStream? random)
    {
        // The steepness of an activation is no weight.
        TargetManifest manifest = TargetManifest.Of(target, "*", static named => named.Role != ParameterRole.Gain);
        Dictionary<string, Parameter> own = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        float bound = 1 / MathF.Sqrt(contextFeatures);
        EmissionScheme scheme = new(
            (entry, width, stream) => Uniform(entry.Count * width, bound, stream), entry => own[entry.Name].OwnValue.ToArray(), hasBase);
        return new GeneratedExpert(
            new HyperNetwork(target, Context(contextFeatures), new Sequential(), new FullEmission(manifest, contextFeatures, scheme, random)), shift);
    }

    private static float[] Uniform(int count, float bound, RandomStream? random)
    {
        float[] values = new float[count];
        (random ?? Initializer.Random).FillUniform(values, -bound, bound);
        return values;
    }

    private static Sequential Perceptron(int features, int hiddenFeatures, int depth, Activation? activation, RandomStream? random)
    {
        if (depth < 2)
        {
            throw new ArgumentException($"GeneratedExpert: a perceptron has at least two linear maps; got a depth of {depth}.", nameof(depth));
        }
        List<TensorLayer> layers = [];
        for (int i = 0; i < depth; i++)
        {
            layers.Add(new Linear(i == 0 ? features : hiddenFeatures, i == depth - 1 ? features : hiddenFeatures, random: random));
            if (i < depth - 1)
            {
                layers.Add(activation is { } function ? ActivationLayer.Of(function) : new Swish(random));
            }
        }
        return new Sequential([.. layers]);
    }
}
