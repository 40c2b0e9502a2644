namespace HyperKernels.Models;

/// <summary>The classic Runge-Kutta method of order 4, with steps of one length; differentiable through all of them.</summary>
public static class RungeKutta
{
    /// <summary>Follows <c>dy/dt = f(y)</c>.</summary>
    /// <param name="field">f: states to their rates of change, of the same shape.</param>
    /// <param name="start">y at the beginning, <c>[N, ...]</c>.</param>
    /// <param name="step">The length of a step.</param>
    /// <param name="steps">How many, at least one.</param>
    /// <returns>y after each step, <c>[N, steps, ...]</c>.</returns>
    /// <exception cref="ArgumentException">There are no steps.</exception>
    public static Tensor Solve(Func<Tensor, Tensor> field, Tensor start, float step, int steps)
    {
        ArgumentNullException.ThrowIfNull(field);
        if (steps < 1)
        {
            throw new ArgumentException($"RungeKutta: there must be at least one step; got {steps}.", nameof(steps));
        }
        Tensor[] states = new Tensor[steps];
        Tensor y = start;
        for (int i = 0; i < steps; i++)
        {
            Tensor a = field(y);
            Tensor b = field(y + ((step / 2) * a));
            Tensor c = field(y + ((step / 2) * b));
            Tensor d = field(y + (step * c));
            y += (step / 6) * (a + (2 * (b + c)) + d);
            states[i] = y;
        }
        return Ops.Stack(1, states);
    }
}
