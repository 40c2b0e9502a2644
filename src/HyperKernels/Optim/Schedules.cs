namespace HyperKernels.Optim;

/// <summary>A learning rate's course: the factor for each step, a function of the step alone, so that a resumed run needs no state of it.</summary>
/// <remarks>Use: <c>optimizer.RateFactor = schedule.At(step);</c></remarks>
public interface ISchedule
{
    /// <summary>The factor of a step, counted from 0.</summary>
    float At(long step);
}

/// <summary>Multiplies by <paramref name="Factor"/> after every <paramref name="Every"/> steps.</summary>
/// <param name="Every">Steps between two changes; at least 1.</param>
/// <param name="Factor">What the rate is multiplied by.</param>
/// <remarks>As torch.optim.lr_scheduler.StepLR.</remarks>
public sealed record StepSchedule(long Every, float Factor = 0.1f) : ISchedule
{
    /// <summary>Steps between two changes.</summary>
    public long Every { get; } = Schedules.AtLeast(nameof(Every), Every, 1);

    /// <inheritdoc/>
    public float At(long step) => (float)Math.Pow(Factor, step / Every);
}

/// <summary>Multiplies by <paramref name="Factor"/> after every step.</summary>
/// <param name="Factor">What the rate is multiplied by.</param>
/// <remarks>As torch.optim.lr_scheduler.ExponentialLR.</remarks>
public sealed record ExponentialSchedule(float Factor) : ISchedule
{
    /// <inheritdoc/>
    public float At(long step) => (float)Math.Pow(Factor, step);
}

/// <summary>Rises evenly over <paramref name="WarmUp"/> steps, then falls along half a cosine to <paramref name="Final"/> at <paramref name="Steps"/>.</summary>
/// <param name="Steps">Where it ends, warm-up included; from there on it stays.</param>
/// <param name="WarmUp">Steps until the full rate: step i has (i + 1) / WarmUp of it.</param>
/// <param name="Final">The last factor.</param>
/// <remarks>Source: Loshchilov, Hutter, ICLR 2017, equation 5 (one period).</remarks>
public sealed record CosineSchedule(long Steps, long WarmUp = 0, float Final = 0) : ISchedule
{
    /// <summary>Where it ends.</summary>
    public long Steps { get; } = Schedules.AtLeast(nameof(Steps), Steps, WarmUp + 1);

    /// <summary>Steps until the full rate.</summary>
    public long WarmUp { get; } = Schedules.AtLeast(nameof(WarmUp), WarmUp, 0);

    /// <inheritdoc/>
    public float At(long step)
    {
        if (step < WarmUp)
        {
            return (float)((step + 1.0) / WarmUp);
        }
        double share = Math.Min(1, (step - WarmUp) / (double)(Steps - WarmUp));
        return (float)(Final + ((1 - Final) * 0.5 * (1 + Math.Cos(Math.PI * share))));
    }
}

/// <summary>Checks of the schedules' options.</summary>
internal static class Schedules
{
    public static long AtLeast(string name, long value, long least)
    {
        if (value < least)
        {
            Throw.Argument($"Schedule: {name} must be at least {least}; got {value}.");
        }
        return value;
    }
}
