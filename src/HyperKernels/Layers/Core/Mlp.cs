namespace HyperKernels.Layers;

/// <summary>Linear layers with an activation between them, none after the last: <c>W_n act(... act(W_1 x + b_1) ...) + b_n</c>.</summary>
/// <remarks>
/// Named as PyTorch's <c>nn.Sequential(Linear, Activation, Linear, ...)</c>: <c>0.weight</c>, <c>0.bias</c>, <c>2.weight</c>.
/// </remarks>
public sealed class Mlp : TensorLayer, IStoredLayer<Mlp>
{
    private readonly Linear[] _layers;

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="sizes">Inputs, hidden widths, outputs: two sizes or more.</param>
    /// <param name="activation">Between the layers; null means ReLU.</param>
    /// <param name="bias">Whether the layers add biases.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">Fewer than two sizes, or one less than 1.</exception>
    public Mlp(ReadOnlySpan<int> sizes, Activation? activation = null, bool bias = true, RandomStream? random = null)
    {
        if (sizes.Length < 2)
        {
            Throw.Argument($"Mlp: at least the sizes of input and output are needed; got {sizes.Length}.");
        }
        foreach (int size in sizes)
        {
            Checks.Positive("Mlp", "every size", size);
        }
        Activation = activation ?? Activation.Relu;
        _layers = new Linear[sizes.Length - 1];
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i] = Add($"{2 * i}", new Linear(sizes[i], sizes[i + 1], bias, random));
        }
    }

    /// <summary>What is applied between the layers.</summary>
    public Activation Activation { get; }

    /// <summary>The linear layers in order.</summary>
    public IReadOnlyList<Linear> Layers => _layers;

    /// <summary>Applies the layers.</summary>
    /// <param name="input"><c>[B, ..., first size]</c></param>
    /// <returns><c>[B, ..., last size]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input)
    {
        Tensor x = input;
        for (int i = 0; i < _layers.Length - 1; i++)
        {
            x = _layers[i].Forward(x, Activation);
        }
        return _layers[^1].Forward(x);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"Mlp({Activation})";

    static string IStoredLayer<Mlp>.TypeName => "Mlp";

    static Mlp IStoredLayer<Mlp>.Read(LayerSettings settings) => new(settings.Ints("sizes"), settings.Activation(), settings.Flag("bias"));

    void IStoredLayer<Mlp>.WriteSettings(LayerSettings settings) => settings
        .Set("sizes", [_layers[0].InFeatures, .. _layers.Select(static layer => layer.OutFeatures)])
        .SetActivation(Activation)
        .Set("bias", _layers[0].Bias is not null);
}
