using HyperKernels.Backends;

namespace HyperKernels.Optim;

/// <summary>Adam with weight decay apart from the gradient: first <c>p *= 1 - rate decay</c>, then <see cref="Adam"/> without decay.</summary>
/// <remarks>As torch.optim.AdamW. Source: Loshchilov, Hutter, ICLR 2019, algorithm 2.</remarks>
public sealed class AdamW : Adam
{
    /// <summary>Makes an optimiser with the same options for all parameters.</summary>
    /// <param name="parameters">What to change.</param>
    /// <param name="learningRate">Step size; not negative.</param>
    /// <param name="beta1">Decay of the mean of gradients, in [0, 1).</param>
    /// <param name="beta2">Decay of the mean of their squares, in [0, 1).</param>
    /// <param name="epsilon">Added to the root.</param>
    /// <param name="weightDecay">Share of the parameter that is taken away, times the learning rate.</param>
    /// <exception cref="ArgumentException">An option is out of its range, a parameter is given twice, or there are none.</exception>
    public AdamW(
        IEnumerable<Parameter> parameters, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999, float epsilon = 1e-8f, float weightDecay = 0.01f)
        : base(parameters, learningRate, beta1, beta2, epsilon, weightDecay)
    {
    }

    /// <summary>Makes an optimiser with options for each group.</summary>
    /// <inheritdoc cref="AdamW(IEnumerable{Parameter}, float, double, double, float, float)"/>
    public AdamW(
        IEnumerable<ParameterGroup> groups, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999, float epsilon = 1e-8f, float weightDecay = 0.01f)
        : base(groups, learningRate, beta1, beta2, epsilon, weightDecay)
    {
    }

    private protected override void Prepare(ref OptimizerTarget target, float rate, float weightDecay, long step)
    {
        base.Prepare(ref target, rate, 0, step);
        target.Shrink = (float)(1 - ((double)rate * weightDecay));
    }
}
