namespace HyperKernels.Layers;

/// <summary>Adds a layer's output to its input: <c>y = x + inner(x)</c>.</summary>
public sealed class Residual : TensorLayer, IStoredLayer<Residual>
{
    /// <summary>Wraps a layer, which stands under the name <c>inner</c>.</summary>
    /// <param name="inner">Gives what it takes a shape that adds to it.</param>
    public Residual(TensorLayer inner) => Inner = Add("inner", inner);

    /// <summary>The wrapped layer.</summary>
    public TensorLayer Inner { get; }

    /// <summary>Computes <c>x + inner(x)</c>.</summary>
    /// <param name="input">What the inner layer takes.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">The inner layer changes the shape.</exception>
    public override Tensor Forward(Tensor input)
    {
        Tensor change = Inner.Forward(input);
        if (change.Shape != input.Shape)
        {
            Throw.Argument($"Residual: the inner layer must keep the shape {input.Shape}; it gave {change.Shape}.");
        }
        return Ops.Add(input, change);
    }

    static string IStoredLayer<Residual>.TypeName => "Residual";

    static Residual IStoredLayer<Residual>.Read(LayerSettings settings) => new(
        settings.Has("inner") ? settings.Layer<TensorLayer>("inner") : settings.Layers<TensorLayer>("inner", formerly: "children").Single());

    void IStoredLayer<Residual>.WriteSettings(LayerSettings settings) => settings.SetLayer("inner", Inner);
}
