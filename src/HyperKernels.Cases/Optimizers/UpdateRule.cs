namespace HyperKernels.Cases;

/// <summary>A published update rule for one element, in double precision.</summary>
/// <param name="value">The element before the step.</param>
/// <param name="gradient">Its gradient.</param>
/// <param name="at">The rates of the step.</param>
/// <param name="state">The element's state, zeros before the first step; written.</param>
/// <returns>The element after the step.</returns>
public delegate double UpdateRule(double value, double gradient, UpdateRates at, Span<double> state);
