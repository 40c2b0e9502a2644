using HyperKernels.Cli.Data;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// <c>u_t + a u_x = nu u_xx</c> for x from -1 to 1 and t from 0 to 1, with two waves at the start, <c>sin(pi x) + sin(2 pi x) / 2</c>: they travel and fade, and the solution
/// is known.
/// </summary>
/// <param name="Speed">a</param>
/// <param name="Diffusion">nu</param>
internal readonly record struct AdvectionDiffusion(float Speed, float Diffusion)
{
    public const float MostSpeed = 1;
    public const float LeastDiffusion = 0.01f;
    public const float MostDiffusion = 0.1f;

    /// <summary>Of each coefficient's range: equations that differ by less in both are near each other.</summary>
    public const float Near = 0.1f;

    private static readonly float s_middle = 0.5f * MathF.Log(LeastDiffusion * MostDiffusion);
    private static readonly float s_half = 0.5f * MathF.Log(MostDiffusion / LeastDiffusion);

    private float Logarithm => (MathF.Log(Diffusion) - s_middle) / s_half;

    /// <summary>The solution at a point.</summary>
    public double At(double x, double t)
    {
        double place = Math.PI * (x - (Speed * t));
        double fading = Math.PI * Math.PI * Diffusion * t;
        return (Math.Exp(-fading) * Math.Sin(place)) + (0.5 * Math.Exp(-4 * fading) * Math.Sin(2 * place));
    }

    /// <summary>The coefficients from -1 to 1, the second by its logarithm, <c>[B, 2]</c>.</summary>
    public static Tensor Conditions(IReadOnlyList<AdvectionDiffusion> equations, Device device) =>
        Tensor.From([.. equations.SelectMany(static one => new[] { one.Speed / MostSpeed, one.Logarithm })], [equations.Count, 2], device);

    /// <summary>Draws equations that are not near others; they depend on seed and step alone.</summary>
    public static AdvectionDiffusion[] Draw(int seed, long step, int count, IReadOnlyList<AdvectionDiffusion> others)
    {
        // A stream of its own beside that of the points.
        SplitMix random = new(seed, ~step);
        AdvectionDiffusion[] drawn = new AdvectionDiffusion[count];
        for (int i = 0; i < count; i++)
        {
            do
            {
                drawn[i] = new AdvectionDiffusion(random.Uniform(-MostSpeed, MostSpeed), MathF.Exp(s_middle + (s_half * random.Uniform(-1, 1))));
            }
            while (others.Any(drawn[i].IsNear));
        }
        return drawn;
    }

    /// <summary>How far a function is from solving its equations: the mean square of what the equations leave over.</summary>
    /// <param name="u">With derivatives by x and t, <c>[B, N, 1]</c>.</param>
    /// <param name="equations">B of them.</param>
    public static Tensor Residual(Jet u, IReadOnlyList<AdvectionDiffusion> equations)
    {
        ArgumentNullException.ThrowIfNull(u);
        Device device = u.Value.Device;
        Tensor speeds = Tensor.From([.. equations.Select(static one => one.Speed)], [equations.Count, 1, 1], device);
        Tensor diffusions = Tensor.From([.. equations.Select(static one => one.Diffusion)], [equations.Count, 1, 1], device);
        Tensor left = Ops.Add(u.First(1), Ops.Multiply(speeds, u.First(0)));
        return Ops.Mean(Ops.Square(Ops.Subtract(left, Ops.Multiply(diffusions, u.Second(0)))));
    }

    // Both ranges are two long.
    private bool IsNear(AdvectionDiffusion other) => MathF.Abs(Speed - other.Speed) < 2 * Near * MostSpeed && MathF.Abs(Logarithm - other.Logarithm) < 2 * Near;
}
