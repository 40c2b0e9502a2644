using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A dense network of coordinates with a smooth activation, that gives first and second derivatives beside its values.</summary>
public sealed class PhysicsMlp : TensorLayer, IJetLayer, IStoredLayer<PhysicsMlp>
{
    private readonly Mlp _mlp;

    static PhysicsMlp() => LayerTypes.Register<PhysicsMlp>();

    /// <summary>Makes the network.</summary>
    /// <param name="sizes">Coordinates, hidden widths, outputs.</param>
    /// <param name="activation">Tanh or a sine; tanh unless given.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or the activation is another.</exception>
    public PhysicsMlp(ReadOnlySpan<int> sizes, Activation? activation = null, RandomStream? random = null)
    {
        Activation between = activation ?? Activation.Tanh;
        if (between.Kind is not (ActivationKind.Tanh or ActivationKind.Sine))
        {
            throw new ArgumentException($"PhysicsMlp: the activation must be Tanh or Sine, which are smooth; got {between.Kind}.", nameof(activation));
        }
        _mlp = Add("mlp", new Mlp(sizes, between, random: random));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input) => _mlp.Forward(input);

    /// <inheritdoc/>
    public Jet ForwardJet(Tensor coordinates)
    {
        Jet h = Jet.Of(coordinates);
        for (int i = 0; i < _mlp.Layers.Count; i++)
        {
            h = h.Linear(_mlp.Layers[i].Weight, _mlp.Layers[i].Bias!.Value);
            h = i < _mlp.Layers.Count - 1 ? h.Activate(_mlp.Activation) : h;
        }
        return h;
    }

    static string IStoredLayer<PhysicsMlp>.TypeName => "PhysicsMlp";

    static PhysicsMlp IStoredLayer<PhysicsMlp>.Read(LayerSettings settings) => new(settings.Ints("sizes"), settings.Activation());

    void IStoredLayer<PhysicsMlp>.WriteSettings(LayerSettings settings) => settings
        .Set("sizes", [_mlp.Layers[0].InFeatures, .. _mlp.Layers.Select(static layer => layer.OutFeatures)]).SetActivation(_mlp.Activation);
}
