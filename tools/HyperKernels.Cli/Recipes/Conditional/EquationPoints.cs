using HyperKernels.Cli.Data;

namespace HyperKernels.Cli.Recipes;

/// <summary>Where equations are asked of a function: points inside, where the equation must hold, and points at the start and at both ends, where its values are given.</summary>
internal sealed class EquationPoints
{
    private const int Inner = 64;
    private const int AtStart = 24;
    private const int AtEnds = 16;

    private EquationPoints(IReadOnlyList<AdvectionDiffusion> equations, Tensor inside, Tensor given, Tensor values) =>
        (Equations, Inside, Given, Values) = (equations, inside, given, values);

    public static int PerEquation => Inner + AtStart + AtEnds;

    public IReadOnlyList<AdvectionDiffusion> Equations { get; }

    /// <summary><c>[B, N, 2]</c></summary>
    public Tensor Inside { get; }

    /// <summary><c>[B, M, 2]</c></summary>
    public Tensor Given { get; }

    /// <summary>Of the solutions, <c>[B, M, 1]</c>.</summary>
    public Tensor Values { get; }

    /// <summary>Draws points; they depend on seed, step and the equation's place alone.</summary>
    public static EquationPoints Draw(int seed, long step, IReadOnlyList<AdvectionDiffusion> equations, Device device)
    {
        SplitMix random = new(seed, step);
        List<float> inside = [];
        List<float> given = [];
        List<float> values = [];
        foreach (AdvectionDiffusion equation in equations)
        {
            for (int i = 0; i < Inner; i++)
            {
                inside.AddRange([random.Uniform(-1, 1), random.Unit()]);
            }
            for (int i = 0; i < AtStart + AtEnds; i++)
            {
                (float x, float t) = i < AtStart ? (random.Uniform(-1, 1), 0f) : ((i % 2 * 2) - 1f, random.Unit());
                given.AddRange([x, t]);
                values.Add((float)equation.At(x, t));
            }
        }
        return new EquationPoints(
            equations,
            Tensor.From(inside.ToArray(), [equations.Count, Inner, 2], device),
            Tensor.From(given.ToArray(), [equations.Count, AtStart + AtEnds, 2], device),
            Tensor.From(values.ToArray(), [equations.Count, AtStart + AtEnds, 1], device));
    }
}
