using HyperKernels.Backends;

namespace HyperKernels.Optim;

/// <summary>
/// Adam: <c>h = g + decay p; m = beta1 m + (1 - beta1) h; v = beta2 v + (1 - beta2) h^2;
/// p -= rate m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)</c>.
/// </summary>
/// <remarks>As torch.optim.Adam; t counts each parameter's own steps. Source: Kingma, Ba, ICLR 2015, algorithm 1.</remarks>
public class Adam : Optimizer
{
    /// <summary>Makes an optimiser with the same options for all parameters.</summary>
    /// <param name="parameters">What to change.</param>
    /// <param name="learningRate">Step size; not negative.</param>
    /// <param name="beta1">Decay of the mean of gradients, in [0, 1).</param>
    /// <param name="beta2">Decay of the mean of their squares, in [0, 1).</param>
    /// <param name="epsilon">Added to the root.</param>
    /// <param name="weightDecay">Added to the gradient, times the parameter.</param>
    /// <exception cref="ArgumentException">An option is out of its range, a parameter is given twice, or there are none.</exception>
    public Adam(
        IEnumerable<Parameter> parameters, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999, float epsilon = 1e-8f, float weightDecay = 0)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, epsilon, weightDecay)
    {
    }

    /// <summary>Makes an optimiser with options for each group.</summary>
    /// <inheritdoc cref="Adam(IEnumerable{Parameter}, float, double, double, float, float)"/>
    public Adam(
        IEnumerable<ParameterGroup> groups, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999, float epsilon = 1e-8f, float weightDecay = 0)
        : base(groups, learningRate, weightDecay, "exp_avg", "exp_avg_sq")
    {
        Beta1 = CheckFraction(nameof(beta1), beta1);
        Beta2 = CheckFraction(nameof(beta2), beta2);
        Epsilon = CheckRate(nameof(epsilon), epsilon);
    }

    /// <summary>Decay of the mean of gradients.</summary>
    public double Beta1 { get; }

    /// <summary>Decay of the mean of their squares.</summary>
    public double Beta2 { get; }

    /// <summary>Added to the root.</summary>
    public float Epsilon { get; }

    private protected override OptimizerStep Rule => new(OptimizerRule.Adam, (float)Beta1, (float)(1 - Beta1), (float)Beta2, (float)(1 - Beta2), Epsilon, false);

    private protected override void Prepare(ref OptimizerTarget target, float rate, float weightDecay, long step)
    {
        target.Rate = (float)(rate / (1 - Math.Pow(Beta1, step)));
        target.RootScale = (float)(1 / Math.Sqrt(1 - Math.Pow(Beta2, step)));
        target.Decay = weightDecay;
    }
}
