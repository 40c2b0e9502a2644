using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// An inverse autoregressive flow: every number is scaled and shifted by what the numbers before it decide, <c>y_i = (exp(s_i(x_before)) + 0.001) x_i +
/// m_i(x_before)</c>, all at once, by a hidden layer of ReLUs whose weights are masked (MADE).
/// </summary>
/// <remarks>
/// The inverse takes one pass per number. Weights are not normalised as in the authors' code; they start as small. Sources: Kingma and others, NeurIPS 2016;
/// Germain and others, ICML 2015; Krueger and others, arXiv 1710.04759.
/// </remarks>
public sealed class AutoregressiveFlow : Flow, IStoredLayer<AutoregressiveFlow>
{
    private readonly float[] _hiddenMask;
    private readonly float[] _outputMask;
    private readonly Linear _hidden;
    private readonly Linear _scale;
    private readonly Linear _shift;

    static AutoregressiveFlow() => LayerTypes.Register<AutoregressiveFlow>();

    /// <summary>Makes the flow.</summary>
    /// <param name="features">D.</param>
    /// <param name="hiddenFeatures">The width of the hidden layer.</param>
    /// <param name="isReversed">Whether a number depends on those behind it; of two flows in a chain one should be.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1.</exception>
    public AutoregressiveFlow(int features, int hiddenFeatures = 200, bool isReversed = false, RandomStream? random = null)
        : base(features)
    {
        if (hiddenFeatures < 1)
        {
            throw new ArgumentException($"AutoregressiveFlow: hiddenFeatures must be at least 1; got {hiddenFeatures}.", nameof(hiddenFeatures));
        }
        HiddenFeatures = hiddenFeatures;
        IsReversed = isReversed;
        _hidden = Add("hidden", NewLinear(features, hiddenFeatures, random));
        _scale = Add("scale", NewLinear(hiddenFeatures, features, random));
        _shift = Add("shift", NewLinear(hiddenFeatures, features, random));
        // A hidden unit of degree d sees the first d + 1 numbers; number i is decided by units of degrees below i.
        _hiddenMask = new float[hiddenFeatures * features];
        _outputMask = new float[features * hiddenFeatures];
        for (int unit = 0; unit < hiddenFeatures; unit++)
        {
            int degree = unit % Math.Max(features - 1, 1);
            for (int i = 0; i < features; i++)
            {
                int place = isReversed ? features - 1 - i : i;
                _hiddenMask[(unit * features) + i] = place <= degree ? 1 : 0;
                _outputMask[(i * hiddenFeatures) + unit] = place > degree ? 1 : 0;
            }
        }
    }

    /// <summary>The width of the hidden layer.</summary>
    public int HiddenFeatures { get; }

    /// <summary>Whether a number depends on those behind it.</summary>
    public bool IsReversed { get; }

    /// <inheritdoc/>
    public override (Tensor Output, Tensor LogDeterminant) Transform(Tensor input)
    {
        Check(input);
        (Tensor scale, Tensor shift) = Parts(input);
        return (Ops.Add(Ops.Multiply(input, scale), shift), Ops.Sum(Ops.Log(scale), [1]));
    }

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor output)
    {
        Check(output);
        // After pass i the first i numbers are right, and with them what decides the next.
        Tensor x = Ops.MultiplyScalar(output, 0);
        for (int i = 0; i < Features; i++)
        {
            (Tensor scale, Tensor shift) = Parts(x);
            x = Ops.Divide(Ops.Subtract(output, shift), scale);
        }
        return x;
    }

    private (Tensor Scale, Tensor Shift) Parts(Tensor x)
    {
        Tensor hidden = Masked(_hidden, x, _hiddenMask, Activation.Relu);
        return (Ops.AddScalar(Ops.Exp(Masked(_scale, hidden, _outputMask, Activation.None)), SmallestScale), Masked(_shift, hidden, _outputMask, Activation.None));
    }

    private static Tensor Masked(Linear linear, Tensor x, float[] mask, Activation activation)
    {
        Tensor weight = linear.Weight.Value;
        return Ops.Linear(x, Ops.Multiply(weight, Tensor.From(mask, weight.Shape, weight.Device)), linear.Bias!.Value, activation);
    }

    static string IStoredLayer<AutoregressiveFlow>.TypeName => "AutoregressiveFlow";

    static AutoregressiveFlow IStoredLayer<AutoregressiveFlow>.Read(LayerSettings settings) =>
        new(settings.Int("features"), settings.Int("hiddenFeatures"), settings.Flag("isReversed"));

    void IStoredLayer<AutoregressiveFlow>.WriteSettings(LayerSettings settings) =>
        settings.Set("features", Features).Set("hiddenFeatures", HiddenFeatures).Set("isReversed", IsReversed);

    /// <inheritdoc/>
    protected override string Describe() => $"AutoregressiveFlow({Features}, hiddenFeatures: {HiddenFeatures}{(IsReversed ? ", reversed" : "")})";
}
