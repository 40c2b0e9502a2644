using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A function of coordinates, shared by many signals, whose activations a modulation changes at every coordinate by itself: the same modulation in all layers. Without one it
/// is a plain small field.
/// </summary>
/// <remarks>
/// Where a modulation acts differs by backbone (<see cref="FieldBackbone"/>), as in the authors' code, samuelepapa/cond-cbnt. Source: Papa and others, Neural Modulation
/// Fields for Conditional Cone Beam Neural Tomography (arXiv 2307.08351), section 3.
/// </remarks>
public sealed class ModulatedField : Layer, IStoredLayer<ModulatedField>
{
    private readonly HashGridEncoding? _encoding;
    private readonly Linear[] _layers;
    private readonly Linear _final;

    static ModulatedField() => LayerTypes.Register<ModulatedField>();

    /// <summary>Makes the function.</summary>
    /// <param name="coordinates">D.</param>
    /// <param name="outputs">O.</param>
    /// <param name="options">Everything else; null means the defaults.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or the frequency is not positive.</exception>
    public ModulatedField(int coordinates, int outputs, ModulatedFieldOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new ModulatedFieldOptions();
        if (coordinates < 1 || outputs < 1 || Options.HiddenFeatures < 1 || Options.Layers < 0 || !(Options.Frequency > 0))
        {
            throw new ArgumentException(
                $"ModulatedField: sizes must be at least 1, layers not negative and the frequency positive; got {coordinates} coordinates, {outputs} outputs and {Options}.");
        }
        (Coordinates, Outputs) = (coordinates, outputs);
        int width = Options.HiddenFeatures;
        _encoding = Options.Backbone == FieldBackbone.HashGrid
            ? Add("encoding", new HashGridEncoding(coordinates, Options.Levels, Options.LevelFeatures, Options.BaseResolution, Options.LogPlaces, random))
            : null;
        _layers = new Linear[Options.Layers + 1];
        // The first layer of a perceptron is not modulated; a hash grid's are twice.
        int before = _encoding is null ? coordinates : Options.Levels * Options.LevelFeatures;
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i] = Add($"layer{i}", new Linear(before, width, random: random));
            before = Options.Backbone switch
            {
                FieldBackbone.Mlp => i == 0 ? width : Options.WidthAfter(width),
                FieldBackbone.Siren => Options.WidthAfter(width),
                _ => Options.WidthAfter(Options.WidthAfter(width)),
            };
        }
        _final = Add("final", new Linear(before, outputs, random: random));
        if (Options.Backbone == FieldBackbone.Siren)
        {
            Array.ForEach(_layers[1..], layer => Initializer.Siren(Options.Frequency).Apply(layer.Weight, random));
            Initializer.Siren(Options.Frequency).Apply(_final.Weight, random);
            Initializer.SirenFirst().Apply(_layers[0].Weight, random);
        }
    }

    /// <summary>D.</summary>
    public int Coordinates { get; }

    /// <summary>O.</summary>
    public int Outputs { get; }

    /// <summary>Everything else.</summary>
    public ModulatedFieldOptions Options { get; }

    /// <summary>Evaluates the function.</summary>
    /// <param name="coordinates"><c>[N, D]</c></param>
    /// <param name="modulation"><c>[N, <see cref="ModulatedFieldOptions.ModulationFeatures"/>]</c>, or <c>[1, ...]</c> for all places alike; null for a plain field.</param>
    /// <returns><c>[N, O]</c></returns>
    /// <exception cref="ArgumentException">A shape differs, or there is no modulation where one is needed.</exception>
    public Tensor Forward(Tensor coordinates, Tensor? modulation = null)
    {
        if (coordinates.Rank != 2 || coordinates.Shape[1] != Coordinates)
        {
            throw new ArgumentException($"ModulatedField: coordinates must be [N, {Coordinates}]; got {coordinates.Shape}.", nameof(coordinates));
        }
        int features = Options.ModulationFeatures;
        if ((modulation is null) != (features == 0) || (modulation is { } given && (given.Rank != 2 || given.Shape[1] != features)))
        {
            string wanted = features == 0 ? "absent" : $"[N, {features}]";
            throw new ArgumentException(
                $"ModulatedField: for {Options.Modulation} the modulation must be {wanted}; got {modulation?.Shape.ToString() ?? "none"}.", nameof(modulation));
        }
        Func<Tensor, Tensor> apply = Modulator(modulation);
        Tensor last = Options.Backbone switch
        {
            FieldBackbone.Mlp => Perceptron(coordinates, apply),
            FieldBackbone.Siren => Sines(coordinates, apply),
            _ => Grid(coordinates, apply),
        };
        return _final.Forward(last, Options.Output);
    }

    static string IStoredLayer<ModulatedField>.TypeName => "ModulatedField";

    static ModulatedField IStoredLayer<ModulatedField>.Read(LayerSettings settings) => new(settings.Int("coordinates"), settings.Int("outputs"), new ModulatedFieldOptions
    {
        Backbone = settings.Choice<FieldBackbone>("backbone"),
        Layers = settings.Int("layers"),
        HiddenFeatures = settings.Int("hiddenFeatures"),
        Modulation = settings.Choice<FieldModulation>("modulation"),
        Frequency = settings.Number("frequency"),
        Output = settings.Activation(),
        Levels = settings.Int("levels"),
        LevelFeatures = settings.Int("levelFeatures"),
        BaseResolution = settings.Int("baseResolution"),
        LogPlaces = settings.Int("logPlaces"),
    });

    void IStoredLayer<ModulatedField>.WriteSettings(LayerSettings settings) => settings
        .Set("coordinates", Coordinates).Set("outputs", Outputs).Set("backbone", Options.Backbone).Set("layers", Options.Layers)
        .Set("hiddenFeatures", Options.HiddenFeatures).Set("modulation", Options.Modulation).Set("frequency", Options.Frequency).SetActivation(Options.Output)
        .Set("levels", Options.Levels).Set("levelFeatures", Options.LevelFeatures).Set("baseResolution", Options.BaseResolution).Set("logPlaces", Options.LogPlaces);

    /// <inheritdoc/>
    protected override string Describe() =>
        $"ModulatedField({Coordinates}, {Outputs}, {Options.Backbone}, {Options.Layers} x {Options.HiddenFeatures}, modulation: {Options.Modulation})";

    private Func<Tensor, Tensor> Modulator(Tensor? modulation)
    {
        if (modulation is not { } z)
        {
            return static a => a;
        }
        if (Options.Modulation == FieldModulation.Film)
        {
            Tensor[] parts = Ops.Split(z, 1, Options.HiddenFeatures, Options.HiddenFeatures);
            return a => Ops.Add(Ops.Multiply(parts[0], a), parts[1]);
        }
        return Options.Modulation == FieldModulation.Shift
            ? a => Ops.Add(a, z)
            : a => Ops.Concatenate(1, a, z.Shape[0] == a.Shape[0] ? z : Ops.BroadcastTo(z, [a.Shape[0], z.Shape[1]]));
    }

    private Tensor Perceptron(Tensor x, Func<Tensor, Tensor> apply)
    {
        Tensor a = _layers[0].Forward(x);
        foreach (Linear layer in _layers.AsSpan(1))
        {
            a = Options.Modulation == FieldModulation.None ? layer.Forward(a, Activation.GeluTanh) : Ops.GeluTanh(apply(layer.Forward(a)));
        }
        return a;
    }

    private Tensor Sines(Tensor x, Func<Tensor, Tensor> apply)
    {
        foreach (Linear layer in _layers)
        {
            x = apply(layer.Forward(x, Activation.Sine(Options.Frequency)));
        }
        return x;
    }

    private Tensor Grid(Tensor x, Func<Tensor, Tensor> apply)
    {
        Tensor a = _encoding!.Forward(x);
        foreach (Linear layer in _layers)
        {
            a = apply(Ops.LeakyRelu(apply(layer.Forward(a))));
        }
        return a;
    }
}
