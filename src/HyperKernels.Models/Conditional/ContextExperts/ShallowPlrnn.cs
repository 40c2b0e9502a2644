using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A shallow piecewise linear recurrent network: <c>z_t+1 = A z + W1 relu(W2 z + h2) + h1</c>. While it reads a sequence its state is drawn towards the observations:
/// <c>z = alpha z_t + (1 - alpha) x_t</c>.
/// </summary>
/// <remarks>
/// States are observations. Matrices start Xavier-uniform, biases at zero, alpha at 0.1. Source: Brenner, Weber, Koppe, Durstewitz, ICLR 2025 (arXiv 2410.04814), as in the
/// code of MixER, ddrous/MixER (RootRNN).
/// </remarks>
public sealed class ShallowPlrnn : TensorLayer, IStoredLayer<ShallowPlrnn>
{
    private readonly Parameter _a;
    private readonly Parameter _w1;
    private readonly Parameter _w2;
    private readonly Parameter _h1;
    private readonly Parameter _h2;
    private readonly Parameter _alpha;

    static ShallowPlrnn() => LayerTypes.Register<ShallowPlrnn>();

    /// <summary>Makes the network.</summary>
    /// <param name="features">The features of a state.</param>
    /// <param name="hiddenFeatures">The width of the hidden layer.</param>
    /// <param name="leastForcing">The smallest alpha; at 1, the authors' default, alpha is never below 1.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public ShallowPlrnn(int features, int hiddenFeatures, float leastForcing = 1, RandomStream? random = null)
    {
        if (features < 1 || hiddenFeatures < 1)
        {
            throw new ArgumentException($"ShallowPlrnn: features and hiddenFeatures must be at least 1; got {features} and {hiddenFeatures}.");
        }
        LeastForcing = leastForcing;
        _a = AddParameter("A", [features, features], Initializer.XavierUniform(), random);
        _w1 = AddParameter("W1", [features, hiddenFeatures], Initializer.XavierUniform(), random);
        _w2 = AddParameter("W2", [hiddenFeatures, features], Initializer.XavierUniform(), random);
        _h1 = AddParameter("h1", [features], Initializer.Zeros, random, ParameterRole.Bias, _w1);
        _h2 = AddParameter("h2", [hiddenFeatures], Initializer.Zeros, random, ParameterRole.Bias, _w2);
        _alpha = AddParameter("alpha", [1], Initializer.Constant(0.1f), random);
    }

    /// <summary>The smallest alpha.</summary>
    public float LeastForcing { get; }

    /// <summary>Reads sequences: the state after each observation, from a state of zeros.</summary>
    /// <param name="input"><c>[N, T, features]</c></param>
    /// <returns><c>[N, T, features]</c></returns>
    /// <exception cref="ArgumentException">The input has another shape, or no steps.</exception>
    public override Tensor Forward(Tensor input)
    {
        if (input.Rank != 3 || input.Shape[2] != _a.Shape[0] || input.Shape[1] == 0)
        {
            throw new ArgumentException($"ShallowPlrnn: sequences must be [N, T, {_a.Shape[0]}] with T > 0; got {input.Shape}.", nameof(input));
        }
        (int sequences, int steps, int features) = (input.Shape[0], input.Shape[1], input.Shape[2]);
        Tensor alpha = Ops.Clamp(_alpha.Value, LeastForcing, float.MaxValue);
        // One alpha for all sequences, or one for each group of them.
        alpha = alpha.Rank == 2 && alpha.Shape[0] < sequences ? Ops.RepeatRows(alpha, sequences / alpha.Shape[0]) : alpha;
        Tensor state = Tensor.Zeros([sequences, features], input.Device);
        Tensor[] states = new Tensor[steps];
        for (int t = 0; t < steps; t++)
        {
            Tensor seen = Ops.Reshape(Ops.Slice(input, 1, t, 1), sequences, features);
            state = Step(Ops.Add(seen, Ops.Multiply(alpha, Ops.Subtract(state, seen))));
            states[t] = state;
        }
        return Ops.Stack(1, states);
    }

    /// <summary>Follows the network's own states.</summary>
    /// <param name="start">States at the beginning, <c>[N, ..., features]</c>.</param>
    /// <param name="steps">How many steps, at least one.</param>
    /// <returns>The states after each step, <c>[N, steps, ..., features]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or there are no steps.</exception>
    public Tensor Iterate(Tensor start, int steps)
    {
        if (steps < 1)
        {
            throw new ArgumentException($"ShallowPlrnn: there must be at least one step; got {steps}.", nameof(steps));
        }
        Tensor[] states = new Tensor[steps];
        for (int t = 0; t < steps; t++)
        {
            states[t] = start = Step(start);
        }
        return Ops.Stack(1, states);
    }

    private Tensor Step(Tensor state)
    {
        Tensor hidden = Ops.Linear(state, _w2, _h2.Value, Activation.Relu);
        return Ops.Add(Ops.Linear(state, _a), Ops.Linear(hidden, _w1, _h1.Value));
    }

    static string IStoredLayer<ShallowPlrnn>.TypeName => "ShallowPlrnn";

    static ShallowPlrnn IStoredLayer<ShallowPlrnn>.Read(LayerSettings settings) =>
        new(settings.Int("features"), settings.Int("hiddenFeatures"), settings.Number("leastForcing"));

    void IStoredLayer<ShallowPlrnn>.WriteSettings(LayerSettings settings) =>
        settings.Set("features", _a.Shape[0]).Set("hiddenFeatures", _w1.Shape[1]).Set("leastForcing", LeastForcing);
}
