using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Continual learning with intervals in embedding space: a task is an interval of embeddings, which a hypernetwork pushes on to an interval of
/// weights, and the target to an interval of logits. Training lets the whole interval answer rightly, so that earlier tasks survive what later ones
/// change within it, and a point that all intervals share serves every task.
/// </summary>
/// <remarks>
/// <para>
/// <see cref="Create"/> makes an ordinary <see cref="HyperNetwork"/> which gives the middle of the weights and runs any target with it. What has to do
/// with ends is here.
/// </para>
/// <code>
/// using HyperNetwork network = HyperInterval.Create(new Mlp([784, 100, 10]), tasks: 10, embedding: 24);
/// IntervalTensor logits = HyperInterval.Forward(network, images, Tensor.From([task]), schedule.EpsilonAt(step));
/// Tensor loss = IntervalLoss.Loss(logits, labels, schedule.KappaAt(step)); // plus beta times an IntervalRegulariser's Loss()
/// Tensor anyTask = network.Forward(images, HyperInterval.Universal(network, tasks: 10).Middle);
/// </code>
/// <para>Source: Krukowski, Bielawska, Ksiazek, Wawrzynski, Batorski, Spurek, arXiv 2405.15444; the authors' code, gmum/HyperInterval.</para>
/// </remarks>
public static class HyperInterval
{
    // Files may hold the parts before the program has used their classes.
    static HyperInterval()
    {
        LayerTypes.Register<IntervalConditioning>();
        LayerTypes.Register<IntervalMlp>();
        LayerTypes.Register<IntervalEmission>();
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperinterval",
        Title = "HyperInterval",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper(
            "Krukowski, Bielawska, Ksiazek, Wawrzynski, Batorski, Spurek",
            "HyperInterval: Hypernetwork approach to training weight interval regions in continual learning",
            "arXiv",
            2024) { Arxiv = "2405.15444" },
        Equation = "mu' = W mu + b, r' = |W| r; y_l = x_l W_l+ + x_u W_l- + b_l, y_u = x_u W_u+ + x_l W_u- + b_u; kappa CE(y_m) + (1 - kappa) CE(worst case)",
        Source = "the authors' code, gmum/HyperInterval, both variants; batch norm in the target is left out, whose ends theirs only approximates",
        Layers = [typeof(HyperInterval), typeof(IntervalConditioning), typeof(IntervalMlp), typeof(IntervalEmission), typeof(IntervalOps), typeof(IntervalRegulariser)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Once, HyperArchitecture.Mlp),
        Cases = ["HyperInterval"],
        Recipe = "split-mnist-interval",
    };

    /// <summary>Makes a hypernetwork whose tasks are intervals.</summary>
    /// <param name="target">Any layer; its own values are not used.</param>
    /// <param name="tasks">The number of tasks that can be learned.</param>
    /// <param name="embedding">The length of a task's embedding.</param>
    /// <param name="options">Everything else; null means the authors' nested variant.</param>
    /// <param name="random">Where random starts come from; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>A hypernetwork that takes task numbers, integers <c>[C]</c>, or points of the embedding space, <c>[C, embedding]</c>.</returns>
    /// <exception cref="ArgumentException">A size is too small, no parameter matches, or the activation falls somewhere.</exception>
    public static HyperNetwork Create(Layer target, int tasks, int embedding, HyperIntervalOptions? options = null, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        options ??= new HyperIntervalOptions();
        TargetManifest manifest = TargetManifest.Of(target, options.Parameters);
        IntervalConditioning conditioning = new(tasks, embedding, options.Epsilon, options.IsNested, options.EmbeddingDeviation, random);
        IntervalMlp generator = new(embedding, options.Hidden, options.Activation, options.Bias, random);
        int width = options.Hidden.Count == 0 ? embedding : options.Hidden[^1];
        return new HyperNetwork(target, conditioning, generator, new IntervalEmission(manifest, width, options.Bias, random));
    }

    /// <summary>Generates intervals of weights.</summary>
    /// <param name="network">What <see cref="Create"/> made.</param>
    /// <param name="conditions">Task numbers, integers <c>[C]</c>, or points of the embedding space.</param>
    /// <param name="epsilon">For tasks, the sum of a radius over the embedding; null for the conditioning's own.</param>
    /// <returns>Flat weight sets, <c>[C, P]</c>.</returns>
    /// <exception cref="ArgumentException">The network is another's, or the conditions do not fit.</exception>
    public static IntervalTensor Generate(HyperNetwork network, Tensor conditions, double? epsilon = null)
    {
        (Tensor middle, Tensor radius) = EmissionOf(network).Spread(Embed(network, conditions, epsilon), network.Generator);
        return IntervalTensor.Around(middle, radius);
    }

    /// <summary>Runs the target with intervals of weights.</summary>
    /// <param name="network">What <see cref="Create"/> made; the layers of its target are those that <see cref="IntervalPass"/> names.</param>
    /// <param name="input">The target's input, B samples along the first axis, at least 0.</param>
    /// <param name="conditions">Task numbers, integers <c>[C]</c>, or points of the embedding space; C divides B, and each serves B / C consecutive samples.</param>
    /// <param name="epsilon">For tasks, the sum of a radius over the embedding; null for the conditioning's own.</param>
    /// <param name="check">Whether the input is looked at for numbers below 0, which waits for the device.</param>
    /// <returns>What the target gives.</returns>
    /// <exception cref="ArgumentException">The input has numbers below 0, or a shape does not fit.</exception>
    /// <exception cref="NotSupportedException">Nothing says how a layer of the target computes with intervals.</exception>
    public static IntervalTensor Forward(HyperNetwork network, Tensor input, Tensor conditions, double? epsilon = null, bool check = true)
    {
        IntervalTensor weights = Generate(network, conditions, epsilon);
        if (check && Smallest(input) is var smallest && !(smallest >= 0))
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"HyperInterval: the input must be at least 0, for the ends of the first products to be what they are; its smallest number is {smallest}. Shift it."),
                nameof(input));
        }
        return Run(network, input, weights);
    }

    /// <summary>Runs the target with intervals of weights that are at hand.</summary>
    /// <param name="network">What <see cref="Create"/> made.</param>
    /// <param name="input">The target's input, B samples along the first axis, at least 0: it is not checked.</param>
    /// <param name="weights">Flat weight sets, <c>[C, P]</c>; C divides B, and each serves B / C consecutive samples.</param>
    /// <returns>What the target gives.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    /// <exception cref="NotSupportedException">Nothing says how a layer of the target computes with intervals.</exception>
    public static IntervalTensor Run(HyperNetwork network, Tensor input, IntervalTensor weights)
    {
        ArgumentNullException.ThrowIfNull(network);
        CheckSets(input, weights.Middle.Shape[0]);
        return new IntervalPass(network.Target, network.Manifest, weights).Run(network.Target, IntervalTensor.Of(input, isNonNegative: true));
    }

    /// <summary>
    /// Runs the target with the weights at each end and in the middle, and sorts what comes out: the authors' simpler form, for any target and input.
    /// Its ends are those of three networks, not of all within the interval.
    /// </summary>
    /// <param name="network">What <see cref="Create"/> made.</param>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="conditions">Task numbers, integers <c>[C]</c>, or points of the embedding space.</param>
    /// <param name="epsilon">For tasks, the sum of a radius over the embedding; null for the conditioning's own.</param>
    /// <returns>What the target gives.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or the target takes more than one tensor.</exception>
    public static IntervalTensor ForwardEnds(HyperNetwork network, Tensor input, Tensor conditions, double? epsilon = null)
    {
        IntervalEmission emission = EmissionOf(network);
        if (network.Target is not TensorLayer target)
        {
            throw new ArgumentException($"HyperInterval: the target must map one tensor to one; it is a {network.Target.GetType().Name}.", nameof(network));
        }
        Tensor embedding = Embed(network, conditions, epsilon);
        CheckSets(input, embedding.Shape[0]);
        Dictionary<string, Parameter> parameters = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        Weight[] lower = new Weight[network.Manifest.Entries.Count];
        Weight[] middle = new Weight[lower.Length];
        Weight[] upper = new Weight[lower.Length];
        emission.GenerateEnds(embedding, network.Generator, lower, upper);
        emission.Generate(embedding, network.Generator, middle);
        (Tensor low, Tensor mid, Tensor high) = (With(lower), With(middle), With(upper));
        (low, mid) = (Ops.Minimum(low, mid), Ops.Maximum(low, mid));
        (mid, high) = (Ops.Minimum(mid, high), Ops.Maximum(mid, high));
        return new IntervalTensor(low, mid, high);

        Tensor With(Weight[] weights)
        {
            using IDisposable use = ParameterOverrides.Use(
                network.Manifest.Entries.Zip(weights).ToDictionary(pair => parameters[pair.First.Name], pair => pair.Second.Using(network.Plan)));
            return target.Forward(input);
        }
    }

    /// <summary>What all tasks' intervals have in common; its middle is the universal embedding, which serves samples whose task is not known.</summary>
    /// <param name="network">What <see cref="Create"/> made.</param>
    /// <param name="tasks">How many tasks have been learned.</param>
    /// <param name="orNearest">Whether, where intervals have nothing in common, the middle of the gap is taken, as the authors' code does.</param>
    /// <returns><c>[1, embedding]</c>, outside tapes: to be given to <see cref="HyperNetwork.Forward(Tensor, ReadOnlySpan{Tensor})"/> as the condition.</returns>
    /// <exception cref="InvalidOperationException">The intervals have nothing in common.</exception>
    /// <remarks>Waits for the device.</remarks>
    public static IntervalTensor Universal(HyperNetwork network, int tasks, bool orNearest = false)
    {
        IntervalConditioning conditioning = ConditioningOf(network);
        Throw.IfOutside("HyperInterval", tasks, 1, conditioning.Tasks);
        int size = conditioning.Embedding;
        float[] rows;
        using (MemoryScope scope = new())
        {
            rows = conditioning.Forward(Tensor.From([.. Enumerable.Range(0, tasks)])).ToArray();
        }
        float[][] ends = [new float[size], new float[size], new float[size]];
        for (int i = 0; i < size; i++)
        {
            (int Task, float End) low = Enumerable.Range(0, tasks).Select(task => (task, Centre(task, i) - Radius(task, i))).MaxBy(static end => end.Item2);
            (int Task, float End) high = Enumerable.Range(0, tasks).Select(task => (task, Centre(task, i) + Radius(task, i))).MinBy(static end => end.Item2);
            float middle = (low.End + high.End) / 2;
            if (high.End < low.End && !orNearest)
            {
                throw new InvalidOperationException(FormattableString.Invariant(
                    $"HyperInterval.Universal: the tasks' intervals must have points in common; number {i} of task {high.Task} ends at {high.End}, ")
                    + FormattableString.Invariant($"that of task {low.Task} begins at {low.End}. ")
                    + "Use nested intervals (IsNested), a larger epsilon, or orNearest for the middle of the gap.");
            }
            bool isGap = high.End < low.End;
            (ends[0][i], ends[1][i], ends[2][i]) = (isGap ? middle : low.End, middle, isGap ? middle : high.End);
        }
        Tensor[] tensors = Array.ConvertAll(ends, values => Tensor.From(values, [1, size]));
        return new IntervalTensor(tensors[0], tensors[1], tensors[2]);

        float Centre(int task, int i) => rows[(2 * size * task) + i];
        float Radius(int task, int i) => rows[(2 * size * task) + size + i];
    }

    /// <summary>The conditioning of a hypernetwork with intervals.</summary>
    /// <exception cref="ArgumentException">The network is another's.</exception>
    public static IntervalConditioning ConditioningOf(HyperNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return network.Conditioning as IntervalConditioning ?? throw Another(network);
    }

    private static IntervalEmission EmissionOf(HyperNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return network.Emission as IntervalEmission ?? throw Another(network);
    }

    private static ArgumentException Another(HyperNetwork network) => new(
        $"HyperInterval: the network must be one with intervals, from HyperInterval.Create or a file of such; it has a {network.Conditioning.GetType().Name} "
        + $"and a {network.Emission.GetType().Name}.",
        nameof(network));

    private static Tensor Embed(HyperNetwork network, Tensor conditions, double? epsilon)
    {
        IntervalConditioning conditioning = ConditioningOf(network);
        return epsilon is { } given && conditions.ElementType == ElementType.Int32 ? conditioning.Rows(conditions, given) : conditioning.Forward(conditions);
    }

    private static void CheckSets(Tensor input, int sets)
    {
        if (input.Rank == 0 || input.Shape[0] % sets != 0)
        {
            throw new ArgumentException($"HyperInterval: the {sets} conditions must divide the samples of the input; it is {input.Shape}.", nameof(input));
        }
    }

    private static float Smallest(Tensor input)
    {
        using MemoryScope scope = new();
        return Ops.Min(input, [.. Enumerable.Range(0, input.Rank)]).ToArray()[0];
    }
}
