using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A RealNVP coupling: the first half of a row passes and decides how the second is scaled and shifted, <c>y2 = (exp(s(x1)) + 0.001) x2 + m(x1)</c>, with s
/// and m linear in one hidden layer of ReLUs.
/// </summary>
/// <remarks>Sources: Dinh, Sohl-Dickstein, Bengio, ICLR 2017; Krueger and others, arXiv 1710.04759, and the authors' code.</remarks>
public sealed class CouplingFlow : Flow, IStoredLayer<CouplingFlow>
{
    private readonly int _first;
    private readonly Linear _hidden;
    private readonly Linear _scale;
    private readonly Linear _shift;

    static CouplingFlow() => LayerTypes.Register<CouplingFlow>();

    /// <summary>Makes the flow.</summary>
    /// <param name="features">D.</param>
    /// <param name="hiddenFeatures">The width of the hidden layer; 200 in the authors' code.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">features is below 2, or hiddenFeatures below 1.</exception>
    public CouplingFlow(int features, int hiddenFeatures = 200, RandomStream? random = null)
        : base(features)
    {
        if (features < 2 || hiddenFeatures < 1)
        {
            throw new ArgumentException($"CouplingFlow: features must be at least 2 and hiddenFeatures at least 1; got {features} and {hiddenFeatures}.");
        }
        HiddenFeatures = hiddenFeatures;
        _first = features / 2;
        _hidden = Add("hidden", NewLinear(_first, hiddenFeatures, random));
        _scale = Add("scale", NewLinear(hiddenFeatures, features - _first, random));
        _shift = Add("shift", NewLinear(hiddenFeatures, features - _first, random));
    }

    /// <summary>The width of the hidden layer.</summary>
    public int HiddenFeatures { get; }

    /// <inheritdoc/>
    public override (Tensor Output, Tensor LogDeterminant) Transform(Tensor input)
    {
        Check(input);
        Tensor[] halves = Ops.Split(input, 1, _first, Features - _first);
        (Tensor scale, Tensor shift) = Parts(halves[0]);
        Tensor second = Ops.Add(Ops.Multiply(halves[1], scale), shift);
        return (Ops.Concatenate(1, halves[0], second), Ops.Sum(Ops.Log(scale), [1]));
    }

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor output)
    {
        Check(output);
        Tensor[] halves = Ops.Split(output, 1, _first, Features - _first);
        (Tensor scale, Tensor shift) = Parts(halves[0]);
        return Ops.Concatenate(1, halves[0], Ops.Divide(Ops.Subtract(halves[1], shift), scale));
    }

    private (Tensor Scale, Tensor Shift) Parts(Tensor first)
    {
        Tensor hidden = _hidden.Forward(first, Activation.Relu);
        return (Ops.AddScalar(Ops.Exp(_scale.Forward(hidden)), SmallestScale), _shift.Forward(hidden));
    }

    static string IStoredLayer<CouplingFlow>.TypeName => "CouplingFlow";

    static CouplingFlow IStoredLayer<CouplingFlow>.Read(LayerSettings settings) => new(settings.Int("features"), settings.Int("hiddenFeatures"));

    void IStoredLayer<CouplingFlow>.WriteSettings(LayerSettings settings) => settings.Set("features", Features).Set("hiddenFeatures", HiddenFeatures);

    /// <inheritdoc/>
    protected override string Describe() => $"CouplingFlow({Features}, hiddenFeatures: {HiddenFeatures})";
}
