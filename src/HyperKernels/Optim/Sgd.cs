using HyperKernels.Backends;

namespace HyperKernels.Optim;

/// <summary>
/// Gradient descent: <c>h = g + decay p; m = momentum m + h; p -= rate m</c>, with Nesterov <c>p -= rate (h + momentum m)</c>.
/// </summary>
/// <remarks>As torch.optim.SGD without dampening. Source: Sutskever, Martens, Dahl, Hinton, ICML 2013, in PyTorch's form.</remarks>
public sealed class Sgd : Optimizer
{
    /// <summary>Makes an optimiser with the same options for all parameters.</summary>
    /// <param name="parameters">What to change.</param>
    /// <param name="learningRate">Step size; not negative.</param>
    /// <param name="momentum">In [0, 1); 0 keeps no state.</param>
    /// <param name="nesterov">Looks ahead; needs momentum.</param>
    /// <param name="weightDecay">Added to the gradient, times the parameter.</param>
    /// <exception cref="ArgumentException">An option is out of its range, a parameter is given twice, or there are none.</exception>
    public Sgd(IEnumerable<Parameter> parameters, float learningRate, float momentum = 0, bool nesterov = false, float weightDecay = 0)
        : this([new ParameterGroup(parameters)], learningRate, momentum, nesterov, weightDecay)
    {
    }

    /// <summary>Makes an optimiser with options for each group.</summary>
    /// <inheritdoc cref="Sgd(IEnumerable{Parameter}, float, float, bool, float)"/>
    public Sgd(IEnumerable<ParameterGroup> groups, float learningRate, float momentum = 0, bool nesterov = false, float weightDecay = 0)
        : base(groups, learningRate, weightDecay, CheckFraction(nameof(momentum), momentum) > 0 ? ["momentum_buffer"] : [])
    {
        if (nesterov && momentum == 0)
        {
            Throw.Argument("Sgd: nesterov needs a momentum above 0.");
        }
        Momentum = momentum;
        Nesterov = nesterov;
    }

    /// <summary>The share of the last step's direction that is kept.</summary>
    public float Momentum { get; }

    /// <summary>Whether the gradient is taken as if momentum had been followed already.</summary>
    public bool Nesterov { get; }

    private protected override OptimizerStep Rule => new(OptimizerRule.Momentum, Momentum, 0, 0, 0, 0, Nesterov);

    private protected override void Prepare(ref OptimizerTarget target, float rate, float weightDecay, long step)
    {
        target.Rate = rate;
        target.Decay = weightDecay;
    }
}
