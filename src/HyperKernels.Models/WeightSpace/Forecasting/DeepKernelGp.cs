using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A Gaussian process over training runs whose kernel compares learned features: <c>x = leaky(BN(L [hyperparameters; budget]))</c>, <c>c</c> the maxima over
/// time of a convolution of
/// the learning curve, <c>phi = leaky(L [x; c; network])</c>, <c>k = s^2 exp(-|phi - phi'|^2 / 2 l^2)</c>, a constant mean and Gaussian noise.
/// </summary>
/// <remarks>
/// Trained with <see cref="Loss"/>; the next run is chosen from what <see cref="Predict"/> says of candidates. Positive numbers are the softplus of raw ones,
/// noise 1e-4 more. Source:
/// Mehta and others (arXiv 2406.18630) and the code, NVlabs/Forecasting-Model-Search.
/// </remarks>
public sealed class DeepKernelGp : Layer, IStoredLayer<DeepKernelGp>
{
    private const int CurveFilters = 4;
    private const int FilterWidth = 3;
    private const float LeastNoise = 1e-4f;

    private readonly Linear _first;
    private readonly BatchNorm _norm;
    private readonly Conv1d _curve;
    private readonly Linear _second;
    private readonly Parameter _mean;
    private readonly Parameter _rawScale;
    private readonly Parameter _rawLength;
    private readonly Parameter _rawNoise;

    static DeepKernelGp() => LayerTypes.Register<DeepKernelGp>();

    /// <summary>Makes the layers with PyTorch's first values, and raw numbers of the process zero.</summary>
    /// <param name="hyperparameters">The numbers per run.</param>
    /// <param name="networkFeatures">The numbers per checkpoint; 0 without.</param>
    /// <param name="units">The hidden units behind hyperparameters and budget.</param>
    /// <param name="features">The numbers that the kernel compares.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or networkFeatures is negative.</exception>
    public DeepKernelGp(int hyperparameters, int networkFeatures = 32, int units = 64, int features = 128, RandomStream? random = null)
    {
        if (hyperparameters < 1 || networkFeatures < 0 || units < 1 || features < 1)
        {
            throw new ArgumentException(
                "DeepKernelGp: hyperparameters, units and features must be at least 1, network features at least 0; "
                + $"got {hyperparameters}, {units}, {features} and {networkFeatures}.");
        }
        NetworkFeatures = networkFeatures;
        _first = Add("fc1", new Linear(hyperparameters + 1, units, random: random));
        _norm = Add("bn1", new BatchNorm(units));
        _curve = Add("curve", new Conv1d(1, CurveFilters, FilterWidth, random: random));
        _second = Add("fc2", new Linear(units + CurveFilters + networkFeatures, features, random: random));
        _mean = AddParameter("mean", [1], Initializer.Zeros, role: ParameterRole.Bias);
        _rawScale = AddParameter("raw_outputscale", [1], Initializer.Zeros);
        _rawLength = AddParameter("raw_lengthscale", [1], Initializer.Zeros);
        _rawNoise = AddParameter("raw_noise", [1], Initializer.Zeros);
    }

    /// <summary>The numbers per checkpoint.</summary>
    public int NetworkFeatures { get; }

    /// <inheritdoc/>
    protected override bool MixesSamples => true;

    /// <summary>The features of runs that the kernel compares; while it trains, normalised over these runs.</summary>
    /// <param name="runs">n of them.</param>
    /// <returns><c>[n, features]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Features(TrainingRuns runs)
    {
        int count = runs.Hyperparameters.Shape[0];
        if (runs.Budgets.Count != count || runs.Curves.Rank != 2 || runs.Curves.Shape[0] != count || (runs.Networks?.Shape[1] ?? 0) != NetworkFeatures)
        {
            throw new ArgumentException(
                $"DeepKernelGp: for {count} runs there must be as many budgets and rows of curves, and {NetworkFeatures} numbers per network; got {runs.Budgets.Shape}, "
                + $"{runs.Curves.Shape} and {runs.Networks?.Shape}.", nameof(runs));
        }
        Tensor x = Ops.LeakyRelu(_norm.Forward(_first.Forward(Ops.Concatenate(1, runs.Hyperparameters, Ops.Reshape(runs.Budgets, count, 1)))));
        int steps = runs.Curves.Shape[1];
        Tensor curves = steps < FilterWidth ? Ops.Pad(runs.Curves, [(0, 0), (0, FilterWidth - steps)]) : runs.Curves;
        Tensor curve = Ops.Max(_curve.Forward(Ops.Reshape(curves, count, 1, curves.Shape[1])), [2]);
        Tensor all = runs.Networks is { } networks ? Ops.Concatenate(1, x, curve, networks) : Ops.Concatenate(1, x, curve);
        return Ops.LeakyRelu(_second.Forward(all));
    }

    /// <summary>The negative log marginal likelihood of observations, divided by their number.</summary>
    /// <param name="features">Of the runs observed, <c>[n, features]</c>.</param>
    /// <param name="observed">What they scored, <c>[n]</c>.</param>
    /// <returns>A scalar, differentiable once.</returns>
    /// <exception cref="ArgumentException">The numbers differ.</exception>
    public Tensor Loss(Tensor features, Tensor observed)
    {
        int count = features.Shape[0];
        Tensor residual = Residual(features, observed);
        CholeskyFactor factor = Factor(features);
        Tensor fit = Ops.Sum(Ops.Multiply(residual, factor.Solve(residual)));
        Tensor sum = Ops.Add(fit, Ops.AddScalar(factor.LogDeterminant(), count * MathF.Log(2 * MathF.PI)));
        return Ops.MultiplyScalar(sum, 0.5f / count);
    }

    /// <summary>What observations say of other runs.</summary>
    /// <param name="features">Of the runs observed, <c>[n, features]</c>.</param>
    /// <param name="observed">What they scored, <c>[n]</c>.</param>
    /// <param name="candidates">Features of the others, <c>[m, features]</c>.</param>
    /// <returns>Mean and variance of their scores without noise, <c>[m]</c> each.</returns>
    /// <exception cref="ArgumentException">The numbers differ.</exception>
    public (Tensor Mean, Tensor Variance) Predict(Tensor features, Tensor observed, Tensor candidates)
    {
        Tensor residual = Residual(features, observed);
        CholeskyFactor factor = Factor(features);
        Tensor between = Kernel(features, candidates);
        Tensor mean = Ops.Add(Ops.Sum(Ops.Multiply(between, factor.Solve(residual)), [0]), _mean.Value);
        Tensor known = Ops.Sum(Ops.Multiply(between, factor.Solve(between)), [0]);
        return (mean, Ops.Subtract(Ops.Softplus(_rawScale.Value), known));
    }

    private Tensor Residual(Tensor features, Tensor observed)
    {
        if (observed.Rank != 1 || observed.Shape[0] != features.Shape[0])
        {
            throw new ArgumentException($"DeepKernelGp: there must be a score for each of the {features.Shape[0]} runs; got {observed.Shape}.", nameof(observed));
        }
        return Ops.Reshape(Ops.Subtract(observed, _mean.Value), -1, 1);
    }

    private CholeskyFactor Factor(Tensor features)
    {
        int count = features.Shape[0];
        Tensor identity = Ops.OneHot(Tensor.From([.. Enumerable.Range(0, count)], [count], features.Device), count);
        Tensor noise = Ops.AddScalar(Ops.Softplus(_rawNoise.Value), LeastNoise);
        return CholeskyFactor.Of(Ops.Add(Kernel(features, features), Ops.Multiply(identity, noise)));
    }

    private Tensor Kernel(Tensor a, Tensor b)
    {
        // Distances do not change where the origin does: near the middle, products lose fewer digits.
        Tensor middle = Ops.Detach(Ops.Mean(a, [0], keepAxes: true));
        (a, b) = (Ops.Subtract(a, middle), Ops.Subtract(b, middle));
        Tensor squares = Ops.Add(Ops.Sum(Ops.Square(a), [1], keepAxes: true), Ops.Reshape(Ops.Sum(Ops.Square(b), [1]), 1, -1));
        Tensor distances = Ops.Relu(Ops.Subtract(squares, Ops.MultiplyScalar(Ops.Matmul(a, b, transposeB: true), 2)));
        Tensor length = Ops.Softplus(_rawLength.Value);
        Tensor exponents = Ops.Divide(Ops.MultiplyScalar(distances, -0.5f), Ops.Square(length));
        return Ops.Multiply(Ops.Exp(exponents), Ops.Softplus(_rawScale.Value));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"DeepKernelGp({_first.InFeatures - 1}, {NetworkFeatures}, {_first.OutFeatures}, {_second.OutFeatures})";

    static string IStoredLayer<DeepKernelGp>.TypeName => "DeepKernelGp";

    static DeepKernelGp IStoredLayer<DeepKernelGp>.Read(LayerSettings settings) => new(
        settings.Int("hyperparameters"), settings.Int("networkFeatures"), settings.Int("units"), settings.Int("features"));

    void IStoredLayer<DeepKernelGp>.WriteSettings(LayerSettings settings) => settings
        .Set("hyperparameters", _first.InFeatures - 1).Set("networkFeatures", NetworkFeatures).Set("units", _first.OutFeatures)
        .Set("features", _second.OutFeatures);
}
