using System.Buffers;

namespace HyperKernels.Layers;

/// <summary>
/// A network whose output are the weights of another, its target: conditions are encoded, a generator reads them, an emission gives flat
/// weight sets <c>theta = theta0 + h(E(gamma))</c>, and the target computes with them: one set for the whole batch, one per sample, or
/// one per group of samples.
/// </summary>
/// <remarks>
/// The target is any layer, written as it would be anyway. It is never changed: while it runs, its parameters are seen as the generated
/// ones by this logical flow alone, so that a failure leaves nothing behind. With one set per sample its layers use their per-sample
/// forms; layers with products of their own should multiply through <see cref="Ops.Linear"/> and the like. Parameters of the target that
/// are not generated are trained along. Source: Ha, Dai, Le, arXiv 1609.09106; magnitude invariant parametrization (the default): Gonzalez
/// Ortiz, Guttag, Dalca, ICLR 2024, arXiv 2304.07645.
/// </remarks>
public sealed partial class HyperNetwork : Layer
{
    private readonly Parameter[] _generated;
    private readonly GeneratePlan[] _plans;
    private Replacements? _idle;

    /// <summary>Joins the parts of a hypernetwork, any of which may be of a class of your own.</summary>
    /// <param name="target">The network that computes with the weights: any layer.</param>
    /// <param name="conditioning">Prepares conditions.</param>
    /// <param name="generator">Reads prepared conditions <c>[C, Z]</c>, and what else the emission gives it.</param>
    /// <param name="emission">
    /// Gives the weights of its manifest; <see cref="TargetManifest.Of(Layer, string, Func{NamedParameter, bool})"/> makes one of the target.
    /// </param>
    /// <param name="plan">How weights are applied where there is a choice.</param>
    /// <exception cref="ArgumentException">The target lacks a parameter of the manifest, or it has another shape.</exception>
    public HyperNetwork(Layer target, Conditioning conditioning, TensorLayer generator, Emission emission, GeneratePlan plan = GeneratePlan.Auto)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(emission);
        IReadOnlyList<NamedParameter> generated = emission.Manifest.FindIn(target);
        _generated = [.. generated.Select(static g => g.Parameter)];
        // What several places of the target use is generated once, written out.
        HashSet<Layer> seen = [];
        HashSet<Layer> repeated = [.. target.NamedLayers().Where(named => !seen.Add(named.Layer)).Select(static named => named.Layer)];
        _plans = [.. generated.Select(g => g.Names.Count > 1 || repeated.Contains(g.Owner) ? GeneratePlan.Materialise : plan)];
        Plan = plan;
        Excluded = new HashSet<Parameter>(_generated);
        Conditioning = Add("conditioning", conditioning);
        Generator = Add("generator", generator);
        Emission = Add("emission", emission);
        Target = Add("target", target);
    }

    /// <summary>Prepares conditions.</summary>
    public Conditioning Conditioning { get; }

    /// <summary>Reads prepared conditions.</summary>
    public TensorLayer Generator { get; }

    /// <summary>Gives weight sets.</summary>
    public Emission Emission { get; }

    /// <summary>The network that computes with them.</summary>
    public Layer Target { get; }

    /// <summary>How weights are applied where there is a choice.</summary>
    public GeneratePlan Plan { get; }

    /// <summary>What is generated.</summary>
    public TargetManifest Manifest => Emission.Manifest;

    /// <summary>The generated parameters are the target's in name only: they are not trained, counted or saved.</summary>
    private protected override IReadOnlySet<Parameter> Excluded { get; }

    /// <summary>Makes a hypernetwork for a target with one condition.</summary>
    /// <param name="target">Any layer.</param>
    /// <param name="condition">What the weights depend on.</param>
    /// <param name="hidden">The widths of the generator's layers; null means those of <paramref name="options"/>.</param>
    /// <param name="parameters">Which parameters are generated: a pattern over dotted names, <c>*.adapter.*</c>.</param>
    /// <param name="options">Everything else; null means MIP.</param>
    /// <exception cref="ArgumentException">No parameter matches; the message shows one that there is.</exception>
    public static HyperNetwork For(
        Layer target, Condition condition, IReadOnlyList<int>? hidden = null, string parameters = "*", HyperNetworkOptions? options = null) =>
        For(target, [condition], hidden, parameters, options);

    /// <summary>Makes a hypernetwork for a target with several conditions.</summary>
    /// <param name="target">Any layer.</param>
    /// <param name="conditions">What the weights depend on, in the order in which values will be given.</param>
    /// <param name="hidden">The widths of the generator's layers; null means those of <paramref name="options"/>.</param>
    /// <param name="parameters">Which parameters are generated: a pattern over dotted names.</param>
    /// <param name="options">Everything else; null means MIP.</param>
    /// <exception cref="ArgumentException">No parameter matches; the message shows one that there is.</exception>
    public static HyperNetwork For(
        Layer target, IReadOnlyList<Condition> conditions, IReadOnlyList<int>? hidden = null, string parameters = "*", HyperNetworkOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        options ??= new HyperNetworkOptions();
        options = hidden is null ? options : options with { Hidden = hidden };
        IReadOnlyList<NamedParameter> generated = TargetManifest.Choose(target, parameters, options.Where);
        TargetManifest manifest = TargetManifest.Of(generated);
        DeclaredConditioning conditioning = new(conditions, options.Encoding, options.Random);
        Dictionary<string, NamedParameter> byName = generated.ToDictionary(static g => g.Name);
        int chunkEmbedding = options.Emission == EmissionPlan.Chunks ? options.ChunkEmbedding : 0;
        int inputs = conditioning.Size + chunkEmbedding;
        double inputVariance = options.InputVariance ?? Hyperfan.InputVariance((conditioning.Size, conditioning.MeanSquare), (chunkEmbedding, 1));
        EmissionScheme scheme = HyperStart.Scheme(options, byName, inputVariance);
        TensorLayer generator = options.Generator?.Invoke(inputs)
            ?? new GeneratorMlp(inputs, options.Hidden, options.Activation, HyperStart.Hidden(options), options.Random);
        int width = generator is GeneratorMlp mlp ? mlp.OutFeatures : options.GeneratorOutputs;
        Emission emission = options.Emission switch
        {
            EmissionPlan.Heads => new HeadsEmission(manifest, width, scheme, options.Random),
            EmissionPlan.Chunks => new ChunkedEmission(manifest, width, options.ChunkSize, options.ChunkEmbedding, scheme, options.Random),
            _ => new FullEmission(manifest, width, scheme, options.Random),
        };
        return new HyperNetwork(target, conditioning, generator, emission, options.Plan);
    }

    /// <summary>Generates weights from conditions and runs the target with them.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="conditions">
    /// One tensor per condition, in declared order, C rows each. C = 1: one weight set for the batch; C = B: one per sample; else C divides
    /// B, and every B / C consecutive samples share a set.
    /// </param>
    /// <returns>The target's output.</returns>
    /// <exception cref="ArgumentException">C does not divide B, or a condition does not fit.</exception>
    /// <remarks>Differentiable in the input, the conditions and every parameter.</remarks>
    public Tensor Forward(Tensor input, params ReadOnlySpan<Tensor> conditions)
    {
        Tensor embedding = Conditioning.Forward(conditions);
        int sets = embedding.Shape[0];
        if (sets == 0 || input.Rank == 0 || input.Shape[0] % sets != 0)
        {
            Throw.Argument(
                $"HyperNetwork: the conditions' rows must divide the {(input.Rank == 0 ? 0 : input.Shape[0])} samples of the input {input.Shape}; "
                + $"there are {sets} rows. Use rowOf for groups of other sizes.");
        }
        Weight[] weights = ArrayPool<Weight>.Shared.Rent(_generated.Length);
        try
        {
            Span<Weight> own = weights.AsSpan(0, _generated.Length);
            GenerateWeights(embedding, own);
            return Run(input, own);
        }
        finally
        {
            ArrayPool<Weight>.Shared.Return(weights, clearArray: true);
        }
    }

    /// <summary>Generates one weight set per row of the only condition and runs every sample with the set of its row.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="conditions">The values of the condition, C rows.</param>
    /// <param name="rowOf">For every sample the row of the conditions that it belongs to; rows may serve any number of samples, or none.</param>
    /// <returns>The target's output, in the order of the input.</returns>
    /// <exception cref="ArgumentException">rowOf has not B entries, or one of them is no row.</exception>
    public Tensor Forward(Tensor input, Tensor conditions, ReadOnlySpan<int> rowOf) => Forward(input, [conditions], rowOf);

    /// <summary>Generates one weight set per row of the conditions and runs every sample with the set of its row.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="conditions">One tensor per condition, in declared order, C rows each.</param>
    /// <param name="rowOf">For every sample the row of the conditions that it belongs to; rows may serve any number of samples, or none.</param>
    /// <returns>The target's output, in the order of the input.</returns>
    /// <exception cref="ArgumentException">rowOf has not B entries, one of them is no row, or a condition does not fit.</exception>
    public Tensor Forward(Tensor input, ReadOnlySpan<Tensor> conditions, ReadOnlySpan<int> rowOf)
    {
        Tensor embedding = Conditioning.Forward(conditions);
        bool mayFill = !Target.NamedLayers().Any(static named => named.Layer.MixesSamples);
        SampleGroups groups = new(input.Rank == 0 ? 0 : input.Shape[0], embedding.Shape[0], rowOf, mayFill);
        Weight[] weights = new Weight[_generated.Length];
        GenerateWeights(embedding, weights);
        if (groups.Take is { } take)
        {
            // Groups become equal blocks of consecutive samples, filled up with copies where one is smaller.
            Tensor blocks = Run(Ops.GatherRows(input, Tensor.From(take, [take.Length], input.Device)), weights);
            return Ops.GatherRows(blocks, Tensor.From(groups.Back, [groups.Back.Length], input.Device));
        }
        Tensor rows = Tensor.From(rowOf, [rowOf.Length], input.Device);
        return Run(input, Array.ConvertAll(weights, weight => weight.ByRow(rows)));
    }

    /// <summary>Generates flat weight sets.</summary>
    /// <param name="conditions">One tensor per condition, in declared order, C rows each.</param>
    /// <returns><c>[C, P]</c>, the tensors of <see cref="Manifest"/> end to end.</returns>
    /// <exception cref="ArgumentException">A condition does not fit; the message names it.</exception>
    /// <remarks>Differentiable in the conditions and every parameter of conditioning, generator and emission.</remarks>
    public Tensor Generate(params ReadOnlySpan<Tensor> conditions) => Emission.Flat(Conditioning.Forward(conditions), Generator);

    /// <summary>Lets the target be run directly, for targets with several inputs: until the result is disposed, this flow sees generated weights.</summary>
    /// <param name="conditions">One tensor per condition, in declared order; with several rows the target runs per sample.</param>
    /// <exception cref="ArgumentException">A condition does not fit; the message names it.</exception>
    public IDisposable Apply(params ReadOnlySpan<Tensor> conditions)
    {
        Tensor embedding = Conditioning.Forward(conditions);
        Weight[] weights = new Weight[_generated.Length];
        GenerateWeights(embedding, weights);
        Dictionary<Parameter, Weight> replacements = new(_generated.Length);
        for (int i = 0; i < weights.Length; i++)
        {
            replacements.Add(_generated[i], weights[i]);
        }
        return ParameterOverrides.Use(replacements);
    }

    /// <summary>Copies one generated weight set into a network of the target's make, which then needs no hypernetwork.</summary>
    /// <param name="into">A layer with the target's names and shapes; parameters that are not generated are copied from the target.</param>
    /// <param name="values">Numbers for the conditions, in declared order.</param>
    /// <exception cref="ArgumentException">A name or shape differs, or a value lies outside its declared range.</exception>
    public void MaterializeInto(Layer into, params ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(into);
        using MemoryScope scope = new();
        Tensor flat = Generate(Conditioning.FromNumbers(values));
        float[] weights = flat.ToArray();
        Dictionary<string, HostArray> state = new(Target.GetState());
        foreach (ManifestEntry entry in Manifest.Entries)
        {
            state[entry.Name] = new HostArray(weights.AsSpan(entry.Offset, entry.Count).ToArray(), entry.Shape);
        }
        into.LoadState(state);
    }

    /// <summary>An ordinary network with one generated weight set.</summary>
    /// <param name="values">Numbers for the conditions, in declared order.</param>
    /// <exception cref="InvalidOperationException">
    /// The target takes more than one tensor (use <see cref="Materialize{TLayer}"/>), or holds a layer of a class that is not registered (use
    /// <see cref="LayerTypes.Register{TLayer}"/>, or <see cref="MaterializeInto"/>).
    /// </exception>
    /// <exception cref="ArgumentException">A value lies outside its declared range.</exception>
    public TensorLayer Materialize(params ReadOnlySpan<float> values) => Materialize<TensorLayer>(values);

    /// <summary>An ordinary layer of the target's class with one generated weight set.</summary>
    /// <typeparam name="TLayer">The target's class, whose own <c>Forward</c> the result has.</typeparam>
    /// <param name="values">Numbers for the conditions, in declared order.</param>
    /// <exception cref="InvalidOperationException">
    /// The target is not of that class, or holds a layer of a class that is not registered (use <see cref="LayerTypes.Register{TLayer}"/>, or
    /// <see cref="MaterializeInto"/>).
    /// </exception>
    /// <exception cref="ArgumentException">A value lies outside its declared range.</exception>
    public TLayer Materialize<TLayer>(params ReadOnlySpan<float> values)
        where TLayer : Layer
    {
        if (Target is not TLayer)
        {
            string type = Target.GetType().Name;
            Throw.InvalidOperation($"HyperNetwork.Materialize: the target must be a {typeof(TLayer).Name}; it is a {type}. Use Materialize<{type}>(values).");
        }
        Layer network = Remake(Target, "HyperNetwork.Materialize");
        MaterializeInto(network, values);
        return (TLayer)network;
    }

    private void GenerateWeights(Tensor embedding, Span<Weight> weights)
    {
        Emission.Generate(embedding, Generator, weights);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = weights[i].Using(_plans[i]);
        }
    }

    private Tensor Run(Tensor input, ReadOnlySpan<Weight> weights)
    {
        TensorLayer target = RunnableTarget();
        // One call at a time uses the table again; what runs beside it makes its own.
        Replacements replacements = Interlocked.Exchange(ref _idle, null) ?? new Replacements(_generated);
        replacements.Begin(weights);
        try
        {
            return target.Forward(input);
        }
        finally
        {
            replacements.End();
            _idle = replacements;
        }
    }

    private TensorLayer RunnableTarget()
    {
        if (Target is TensorLayer target)
        {
            return target;
        }
        Throw.InvalidOperation(Target is UnknownLayer
            ? "HyperNetwork.Forward: the file does not describe the target's layers, so it can generate weights but not run them; give Load the target."
            : $"HyperNetwork.Forward: the target must map one tensor to one tensor; it is a {Target.GetType().Name}. "
                + "Use Apply(conditions) and call the target's own Forward inside.");
        return null;
    }

    // What the target's parameters are seen as, kept from call to call so that inference allocates nothing.
    private sealed class Replacements
    {
        private readonly WeightUse[] _uses;
        private readonly OverrideTable _table;

        public Replacements(Parameter[] parameters)
        {
            _uses = Array.ConvertAll(parameters, static _ => new WeightUse());
            _table = new OverrideTable(parameters.Zip(_uses).ToDictionary(static pair => pair.First, static pair => pair.Second));
        }

        public void Begin(ReadOnlySpan<Weight> weights)
        {
            for (int i = 0; i < _uses.Length; i++)
            {
                _uses[i].Set(weights[i]);
            }
            _table.Begin();
        }

        public void End() => _table.End();
    }
}
