using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A model of a family of systems, each of which has a context: a few trained numbers. What the model computes, <c>f(y; c)</c>, is a vector field, or a map of sequences.
/// </summary>
public abstract class ContextExpert : Layer
{
    private readonly Parameter? _shift;

    /// <summary>Notes the size of a context.</summary>
    /// <param name="contextFeatures">The numbers of a context.</param>
    /// <param name="shift">Whether a trained number, zero at first, is added to all numbers of a context.</param>
    /// <exception cref="ArgumentException">The size is less than 1.</exception>
    protected ContextExpert(int contextFeatures, bool shift)
    {
        if (contextFeatures < 1)
        {
            throw new ArgumentException($"{GetType().Name}: a context must have at least one number; got {contextFeatures}.", nameof(contextFeatures));
        }
        ContextFeatures = contextFeatures;
        _shift = shift ? AddParameter("ctx_shift", [1], Initializer.Zeros, role: ParameterRole.Bias) : null;
    }

    /// <summary>The numbers of a context.</summary>
    public int ContextFeatures { get; }

    /// <summary>Whether a trained number is added to contexts.</summary>
    public bool Shifts => _shift is not null;

    /// <summary>Computes <c>f(y; c)</c>.</summary>
    /// <param name="input">y, for each of N systems: <c>[N, ..., features]</c>.</param>
    /// <param name="context">c: <c>[N, contextFeatures]</c>.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public abstract Tensor Forward(Tensor input, Tensor context);

    /// <summary>Follows the systems from given states, by the classic Runge-Kutta method of order 4.</summary>
    /// <param name="start">States at the beginning, <c>[N, ..., features]</c>.</param>
    /// <param name="context">c: <c>[N, contextFeatures]</c>.</param>
    /// <param name="step">The length of a step.</param>
    /// <param name="steps">How many.</param>
    /// <returns>The states after each step, <c>[N, steps, ..., features]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or there are no steps.</exception>
    public virtual Tensor Trajectory(Tensor start, Tensor context, float step, int steps) => RungeKutta.Solve(states => Forward(states, context), start, step, steps);

    /// <summary>The context as the model reads it.</summary>
    /// <exception cref="ArgumentException">It is not <c>[N, contextFeatures]</c>.</exception>
    protected Tensor Shifted(Tensor context)
    {
        if (context.Rank != 2 || context.Shape[1] != ContextFeatures)
        {
            throw new ArgumentException($"{GetType().Name}: contexts must be [N, {ContextFeatures}]; they are {context.Shape}.", nameof(context));
        }
        return _shift is null ? context : Ops.Add(context, _shift.Value);
    }
}
