using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A linear layer whose weights are independent Gaussians, <c>w ~ N(mean, deviation^2)</c>, with <c>deviation = 0.05 exp(spread)</c>. A hypernetwork that
/// generates its parameters generates a distribution over networks.
/// </summary>
/// <remarks>
/// Sources: Blundell et al., Weight uncertainty in neural networks, arXiv 1505.05424; the noise is drawn for outputs instead of weights, which has the same
/// distribution for every sample and less variance over a batch: Kingma, Salimans, Welling, arXiv 1506.02557, equation 6.
/// </remarks>
internal sealed class GaussianLinear : TensorLayer
{
    // With spreads near zero, as a generator without base weights gives them at the start, the noise is small beside a fan-in of hundreds.
    private const double FirstDeviation = 0.05;
    private const double PriorDeviation = 0.1;

    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly Parameter _weightSpread;
    private readonly Parameter _biasSpread;

    /// <param name="inFeatures">Numbers per sample that come in.</param>
    /// <param name="outFeatures">Numbers per sample that come out.</param>
    /// <param name="random">Draws the means; spreads start at zero.</param>
    public GaussianLinear(int inFeatures, int outFeatures, RandomStream random)
    {
        _weight = AddParameter("weight", [outFeatures, inFeatures], Initializer.Normal(0, MathF.Sqrt(2f / inFeatures)), random);
        _bias = AddParameter("bias", [outFeatures], Initializer.Zeros, random, ParameterRole.Bias, _weight);
        _weightSpread = AddParameter("weight_spread", [outFeatures, inFeatures], Initializer.Zeros, random);
        _biasSpread = AddParameter("bias_spread", [outFeatures], Initializer.Zeros, random, ParameterRole.Bias);
    }

    /// <summary>Where noise comes from; without it the means compute.</summary>
    public RandomStream? Noise { get; set; }

    /// <summary>Computes <c>x mean^T + b + noise sqrt(x^2 (deviation^2)^T + ...)</c>.</summary>
    /// <param name="input"><c>[B, inFeatures]</c></param>
    /// <returns><c>[B, outFeatures]</c></returns>
    public override Tensor Forward(Tensor input)
    {
        Tensor means = Ops.Linear(input, _weight.Current, _bias.Value);
        if (Noise is null)
        {
            return means;
        }
        Tensor variances = Ops.Linear(Ops.Square(input), Variance(_weightSpread), Variance(_biasSpread));
        return means + (Ops.Sqrt(variances) * Ops.RandomNormal(means.Shape, Noise, device: input.Device));
    }

    /// <summary>How far the distribution is from the prior N(0, 0.1^2): the Kullback-Leibler divergence, a scalar.</summary>
    public Tensor Divergence() => Divergence(_weight, _weightSpread) + Divergence(_bias, _biasSpread);

    private static Tensor Divergence(Parameter mean, Parameter spread)
    {
        Tensor squares = Ops.Sum(Ops.Square(mean.Value)) + Ops.Sum(Variance(spread));
        double constant = mean.Shape.Count * (Math.Log(PriorDeviation / FirstDeviation) - 0.5);
        return (squares * (float)(0.5 / (PriorDeviation * PriorDeviation))) - Ops.Sum(spread.Value) + (float)constant;
    }

    private static Tensor Variance(Parameter spread) => Ops.Exp(spread.Value * 2f) * (float)(FirstDeviation * FirstDeviation);
}
