namespace HyperKernels.Layers;

/// <summary>
/// The usual generator: linear layers with an activation after each, <c>h = act(W_i h + b_i)</c>. What follows it is the emission.
/// Any other <see cref="TensorLayer"/> that takes <c>[C, inFeatures]</c> to <c>[C, outFeatures]</c> can stand in its place.
/// </summary>
public sealed class GeneratorMlp : TensorLayer, IStoredLayer<GeneratorMlp>
{
    private readonly Linear[] _hidden;

    /// <summary>Makes the layers.</summary>
    /// <param name="inFeatures">Numbers per row.</param>
    /// <param name="hidden">The widths; none makes the identity.</param>
    /// <param name="activation">The function after every layer.</param>
    /// <param name="initializer">Draws the weights; biases are zero.</param>
    /// <param name="random">Where they come from; null means <see cref="Initializer.Random"/>.</param>
    public GeneratorMlp(
        int inFeatures, IReadOnlyList<int> hidden, Activation activation, Initializer initializer, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(initializer);
        Activation = activation;
        _hidden = new Linear[hidden.Count];
        for (int i = 0; i < _hidden.Length; i++)
        {
            _hidden[i] = Add($"hidden{i}", new Linear(i == 0 ? inFeatures : hidden[i - 1], hidden[i], random: random));
            _hidden[i].Weight.Load(initializer.Draw(_hidden[i].Weight.Shape, random));
            _hidden[i].Bias!.Load(new float[hidden[i]]);
        }
        InFeatures = inFeatures;
        Widths = [.. hidden];
        OutFeatures = hidden.Count == 0 ? inFeatures : hidden[^1];
    }

    /// <summary>The function after every layer.</summary>
    public Activation Activation { get; }

    /// <summary>Numbers per row that come in.</summary>
    public int InFeatures { get; }

    /// <summary>The widths of the layers.</summary>
    public IReadOnlyList<int> Widths { get; }

    /// <summary>Numbers per row that come out.</summary>
    public int OutFeatures { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input)
    {
        foreach (Linear layer in _hidden)
        {
            input = layer.Forward(input, Activation);
        }
        return input;
    }

    static string IStoredLayer<GeneratorMlp>.TypeName => "GeneratorMlp";

    static GeneratorMlp IStoredLayer<GeneratorMlp>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Ints("hidden"), settings.Activation(), Initializer.Zeros);

    void IStoredLayer<GeneratorMlp>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("hidden", [.. Widths]).SetActivation(Activation);
}
