using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A function of its own for every neuron: what an exported <see cref="LatentNetwork"/> has behind its hidden layers.</summary>
public sealed class NeuronActivation : TensorLayer, IStoredLayer<NeuronActivation>
{
    private static readonly Activation[] s_functions = [Activation.Sigmoid, Activation.Tanh, Activation.LeakyRelu(0.01f)];

    private readonly int[] _functions;

    static NeuronActivation() => LayerTypes.Register<NeuronActivation>();

    /// <summary>Makes the functions.</summary>
    /// <param name="functions">For every neuron 0 for sigmoid, 1 for tanh, 2 for leaky ReLU with slope 0.01.</param>
    /// <exception cref="ArgumentException">There is another number, or none.</exception>
    public NeuronActivation(params ReadOnlySpan<int> functions)
    {
        _functions = functions.ToArray();
        if (_functions.Length == 0 || _functions.Any(static function => function < 0 || function >= s_functions.Length))
        {
            throw new ArgumentException($"NeuronActivation: every neuron needs a function from 0 to {s_functions.Length - 1}; got [{string.Join(", ", _functions)}].");
        }
    }

    /// <summary>For every neuron its function.</summary>
    public IReadOnlyList<int> Functions => _functions;

    /// <summary>Applies the functions along the last axis.</summary>
    /// <param name="input"><c>[..., neurons]</c></param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input)
    {
        if (input.Rank == 0 || input.Shape[-1] != _functions.Length)
        {
            throw new ArgumentException($"NeuronActivation: the last axis must have {_functions.Length} neurons; the input is {input.Shape}.", nameof(input));
        }
        Tensor? sum = null;
        foreach (int used in _functions.Distinct())
        {
            Tensor result = Ops.Activate(input, s_functions[used]);
            float[] own = Array.ConvertAll(_functions, function => function == used ? 1f : 0);
            result = own.Contains(0) ? Ops.Multiply(result, Tensor.From(own, [own.Length], input.Device)) : result;
            sum = sum is { } before ? Ops.Add(before, result) : result;
        }
        return sum!.Value;
    }

    static string IStoredLayer<NeuronActivation>.TypeName => "NeuronActivation";

    static NeuronActivation IStoredLayer<NeuronActivation>.Read(LayerSettings settings) => new(settings.Ints("functions"));

    void IStoredLayer<NeuronActivation>.WriteSettings(LayerSettings settings) => settings.Set("functions", _functions);
}
