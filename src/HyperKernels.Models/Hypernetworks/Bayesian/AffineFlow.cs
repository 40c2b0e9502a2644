using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Scales and shifts every number: <c>y = (exp(w) + 0.001) x + b</c>. With noise as input it is a normal distribution of independent weights.</summary>
/// <remarks>At first w is about -7 and b about 0. Source: Krueger and others, arXiv 1710.04759, and the authors' code, CW-Huang/BayesianHypernet.</remarks>
public sealed class AffineFlow : Flow, IStoredLayer<AffineFlow>
{
    private const float FirstLogScale = -7;
    private const float Deviation = 0.01f;

    static AffineFlow() => LayerTypes.Register<AffineFlow>();

    /// <summary>Makes the flow.</summary>
    /// <param name="features">D.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    public AffineFlow(int features, RandomStream? random = null)
        : base(features)
    {
        LogScale = AddParameter("log_scale", [features], Initializer.Normal(FirstLogScale, Deviation), random, ParameterRole.Gain);
        Shift = AddParameter("shift", [features], Initializer.Normal(0, Deviation), random, ParameterRole.Bias);
    }

    /// <summary>w, <c>[D]</c>.</summary>
    public Parameter LogScale { get; }

    /// <summary>b, <c>[D]</c>.</summary>
    public Parameter Shift { get; }

    /// <inheritdoc/>
    public override (Tensor Output, Tensor LogDeterminant) Transform(Tensor input)
    {
        Check(input);
        Tensor scale = Scale();
        Tensor sum = Ops.Sum(Ops.Log(scale), [0], keepAxes: true);
        return (Ops.Add(Ops.Multiply(input, scale), Shift.Value), Ops.BroadcastTo(sum, [input.Shape[0]]));
    }

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor output)
    {
        Check(output);
        return Ops.Divide(Ops.Subtract(output, Shift.Value), Scale());
    }

    private Tensor Scale() => Ops.AddScalar(Ops.Exp(LogScale.Value), SmallestScale);

    static string IStoredLayer<AffineFlow>.TypeName => "AffineFlow";

    static AffineFlow IStoredLayer<AffineFlow>.Read(LayerSettings settings) => new(settings.Int("features"));

    void IStoredLayer<AffineFlow>.WriteSettings(LayerSettings settings) => settings.Set("features", Features);

    /// <inheritdoc/>
    protected override string Describe() => $"AffineFlow({Features})";
}
