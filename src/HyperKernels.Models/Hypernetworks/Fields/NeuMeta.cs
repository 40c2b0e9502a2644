using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Neural metamorphosis: one <see cref="WeightField"/> from which networks of any width are read. Every width has a target and a hypernetwork of its
/// own; all share the field.
/// </summary>
/// <remarks>
/// Training: draw a width, run its hypernetwork with noise on the coordinates, and take the loss with a <see cref="FieldRegulariser"/>; the authors
/// start from a trained network whose neurons were put in order (<see cref="NeuronOrder"/>), use AdamW with rate 1e-3, clip gradients to +-10 and
/// average the field's parameters with decay 0.995.
/// </remarks>
public static class NeuMeta
{
    private const int MostRounds = 10;
    private const float CloseEnough = 0.02f;

    static NeuMeta()
    {
        LayerTypes.Register<WeightField>();
        LayerTypes.Register<FieldEmission>();
        LayerTypes.Register<Unconditional>();
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "neumeta",
        Title = "Neural metamorphosis (NeuMeta)",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Yang, Wang", "Neural Metamorphosis", "ECCV", 2024) { Arxiv = "2410.11878" },
        Equation = "W_l[o, i] = F_l([v, sin(2^k pi v), cos(2^k pi v)]) / in, v = (l/L, o/out, i/in, L/norm, out/norm, in/norm)",
        Source = "section 3, and the authors' code, Adamdad/neumeta",
        Layers = [typeof(WeightField), typeof(FieldEmission)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Components, HyperArchitecture.Mlp),
        Cases = ["NeuMeta weight field"],
        Recipe = "neumeta-mnist",
    };

    /// <summary>Makes a field for targets of one make.</summary>
    /// <param name="target">One of them; only the number of its tensors and its kernels count.</param>
    /// <param name="hiddenFeatures">The width of the field's networks.</param>
    /// <param name="layers">Their hidden layers.</param>
    /// <param name="frequencies">How many powers of two coordinates are encoded with.</param>
    /// <param name="norm">What coordinates are divided by; the authors take the largest width.</param>
    /// <param name="parameters">Which parameters are generated: a pattern over dotted names.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    public static WeightField CreateField(
        Layer target, int hiddenFeatures = 512, int layers = 8, int frequencies = 16, float norm = 64, string parameters = "*", RandomStream? random = null)
    {
        TargetManifest manifest = TargetManifest.Of(target, parameters);
        int kernel = manifest.Entries.Max(static entry => entry.Shape.Rank < 3 ? 1 : (int)(entry.Shape.RowCount / entry.Shape[1]));
        return new WeightField(manifest.Entries.Count, kernel, hiddenFeatures, layers, frequencies, norm, random: random);
    }

    /// <summary>Lets a target read its weights from a field.</summary>
    /// <param name="field">The field; it may serve any number of targets.</param>
    /// <param name="target">A network of any width.</param>
    /// <param name="coordinateNoise">How far coordinates are moved while training; 1 in the authors' runs.</param>
    /// <param name="parameters">Which parameters are generated: a pattern over dotted names.</param>
    /// <param name="conditioning">What the field depends on besides, as many numbers as its <see cref="WeightField.ConditionFeatures"/>; null means nothing.</param>
    /// <param name="random">Where noise comes from; null means what is <see cref="Initializer.Random"/> now.</param>
    /// <returns>A hypernetwork; without conditions it is run as <c>network.Forward(input)</c>, and <c>network.Materialize()</c> gives an ordinary network.</returns>
    public static HyperNetwork For(
        WeightField field, Layer target, float coordinateNoise = 0, string parameters = "*", Conditioning? conditioning = null, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(field);
        FieldEmission emission = new(TargetManifest.Of(target, parameters), field.Outputs, coordinateNoise, random);
        return new HyperNetwork(target, conditioning ?? new Unconditional(), field, emission);
    }

    /// <summary>
    /// Scales a new field so that every layer of a target gives numbers of variance one. Without it weights start so small that no signal passes, and at
    /// the variance that suits independent weights it would explode, because neighbours begin alike.
    /// </summary>
    /// <param name="network">Made by <see cref="For"/>, without conditions, over the widest target, a chain of layers.</param>
    /// <param name="input">Some of the data.</param>
    /// <remarks>Not in the paper. Source: Mishkin, Matas, All you need is a good init, ICLR 2016.</remarks>
    /// <exception cref="ArgumentException">The target is no <see cref="Sequential"/>, or the generator no field.</exception>
    public static void Calibrate(HyperNetwork network, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.Target is not Sequential chain || network.Generator is not WeightField field)
        {
            throw new ArgumentException(
                $"NeuMeta.Calibrate: a WeightField over a Sequential is needed; got a {network.Generator.GetType().Name} over a {network.Target.GetType().Name}.", nameof(network));
        }
        Dictionary<string, int> numbers = network.Manifest.Entries.Select(static (entry, i) => (entry.Name, i)).ToDictionary(static pair => pair.Name, static pair => pair.i);
        using MemoryScope scope = new();
        Tensor x = input;
        for (int i = 0; i < chain.Length; i++)
        {
            Tensor y = Run(network, chain[i], x);
            if (numbers.TryGetValue($"{i}.weight", out int number) && network.Manifest.Entries[number].Shape.Rank > 1)
            {
                // Biases have a share in the variance, so that one factor does not do.
                for (int round = 0; round < MostRounds && Deviation(y) is var deviation && Math.Abs(deviation - 1) > CloseEnough; round++)
                {
                    field.Scale(number, 1 / deviation);
                    y = Run(network, chain[i], x);
                }
            }
            x = y;
        }
    }

    /// <summary>Runs a target with one draw of generated weights, and gives these too, for the regulariser.</summary>
    /// <param name="network">Made by <see cref="For"/>, over a target that maps one tensor to one.</param>
    /// <param name="input">The target's input.</param>
    /// <param name="conditions">One tensor per condition.</param>
    /// <returns>The target's output, and the generated tensors in the order of the manifest.</returns>
    public static (Tensor Output, IReadOnlyList<Tensor> Weights) Forward(HyperNetwork network, Tensor input, params ReadOnlySpan<Tensor> conditions)
    {
        ArgumentNullException.ThrowIfNull(network);
        Weight[] weights = new Weight[network.Manifest.Entries.Count];
        network.Emission.Generate(network.Conditioning.Forward(conditions), network.Generator, weights);
        Tensor[] tensors = Array.ConvertAll(weights, static weight => weight.Materialize());
        Dictionary<string, Parameter> own = network.Target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        Dictionary<Parameter, Tensor> replacements = [];
        foreach ((ManifestEntry entry, Tensor tensor) in network.Manifest.Entries.Zip(tensors))
        {
            replacements.Add(own[entry.Name], tensor);
        }
        using IDisposable use = ParameterOverrides.Use(replacements);
        return (((TensorLayer)network.Target).Forward(input), tensors);
    }

    private static float Deviation(Tensor values) => MathF.Sqrt(Ops.Variance(Ops.Flatten(values, 0), [0]).ToScalar());

    private static Tensor Run(HyperNetwork network, TensorLayer layer, Tensor input)
    {
        using IDisposable use = network.Apply();
        return layer.Forward(input);
    }
}
