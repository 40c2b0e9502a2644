using System.Collections;
using System.Runtime.CompilerServices;

namespace HyperKernels.Layers;

/// <summary>Layers applied one after another, named <c>0</c>, <c>1</c>, and so on.</summary>
/// <remarks>A linear layer followed by an activation is computed in one go; the result is the same.</remarks>
[CollectionBuilder(typeof(Sequential), nameof(Create))]
public sealed class Sequential : TensorLayer, IStoredLayer<Sequential>, IReadOnlyList<TensorLayer>
{
    private readonly TensorLayer[] _layers;

    /// <summary>Makes the chain; without layers it passes its input on.</summary>
    /// <param name="layers">In order; each maps one tensor to one. One layer may stand in several places, which ties its parameters.</param>
    public Sequential(params ReadOnlySpan<TensorLayer> layers)
    {
        _layers = layers.ToArray();
        for (int i = 0; i < _layers.Length; i++)
        {
            Add($"{i}", _layers[i]);
        }
    }

    /// <summary>The number of layers; <see cref="Layer.Count"/> is that of parameters.</summary>
    public int Length => _layers.Length;

    int IReadOnlyCollection<TensorLayer>.Count => _layers.Length;

    /// <summary>A layer by its place.</summary>
    /// <exception cref="ArgumentException">There is no such place.</exception>
    public TensorLayer this[int index] => _layers[Throw.IfNoPlace("Sequential", index, _layers.Length)];

    /// <summary>Makes the chain from a collection expression.</summary>
    public static Sequential Create(ReadOnlySpan<TensorLayer> layers) => new(layers);

    /// <summary>Applies the layers in order.</summary>
    /// <param name="input">What the first layer takes.</param>
    /// <returns>What the last layer gives.</returns>
    public override Tensor Forward(Tensor input)
    {
        Tensor x = input;
        for (int i = 0; i < _layers.Length; i++)
        {
            if (_layers[i] is Linear linear && i + 1 < _layers.Length && _layers[i + 1] is ActivationLayer activation)
            {
                x = linear.Forward(x, activation.Activation);
                i++;
                continue;
            }
            x = _layers[i].Forward(x);
        }
        return x;
    }

    /// <summary>Goes through the layers in order.</summary>
    public IEnumerator<TensorLayer> GetEnumerator() => ((IEnumerable<TensorLayer>)_layers).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _layers.GetEnumerator();

    static string IStoredLayer<Sequential>.TypeName => "Sequential";

    static Sequential IStoredLayer<Sequential>.Read(LayerSettings settings) => new(settings.Layers<TensorLayer>("layers", formerly: "children"));

    void IStoredLayer<Sequential>.WriteSettings(LayerSettings settings) => settings.SetLayers("layers", _layers);
}
