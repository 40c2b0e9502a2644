using System.Diagnostics;
using System.Globalization;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A family of advection-diffusion equations: one hypernetwork gives the solution of any of them, learned from the equations alone, and is asked for coefficients between those
/// that it was trained on. Beside it one network that reads the coefficients as further coordinates, and a network of its own for each of the equations that are asked for.
/// </summary>
internal sealed class HyperPinnRecipe : IRecipe
{
    private const int Batch = 10;
    private const int DefaultSteps = 10_000;
    private const int WarmUp = 200;
    private const float Rate = 3e-3f;
    private const float LongestGradient = 1;

    // Of given values beside the residual.
    private const float GivenWeight = 10;
    private const int Width = 24;

    // Of the network that reads the coefficients, which has more to learn than a network of one equation.
    private const int JointWidth = 64;
    private const int EvaluateEvery = 1000;
    private const int Columns = 65;
    private const int Rows = 33;

    private static readonly int[] s_generator = [32, 32];

    // Asked for at the end. Nothing near them is trained on.
    private static readonly AdvectionDiffusion[] s_heldOut = [new(-0.75f, 0.0147f), new(0.75f, 0.0147f), new(-0.25f, 0.0316f), new(0.25f, 0.0681f)];

    // To see how well the whole range is learned.
    private static readonly AdvectionDiffusion[] s_range =
    [
        .. from speed in (float[])[-1, -0.5f, 0, 0.5f, 1] from diffusion in (float[])[0.01f, 0.0215f, 0.0464f, 0.1f] select new AdvectionDiffusion(speed, diffusion),
    ];

    public string Name => "hyperpinn";

    public string Description =>
        "Equations of advection and diffusion solved by one hypernetwork, unseen coefficients too, beside one network that reads the coefficients and networks trained for each.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        long steps = options.TotalSteps(1, DefaultSteps);
        CosineSchedule schedule = new(steps, Math.Min(WarmUp, steps / 2));
        Solver hyper = Hyper(options.Seed);
        Solver joint = Joint(options.Seed);
        Solver[] own = [.. s_heldOut.Select((equation, i) => Own($"own {i + 1}", options.Seed + i))];
        Solver[] all = [hyper, joint, .. own];
        Trainee[] trainees = [.. all.Select(static solver => solver.Run.Trainee)];

        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = (2 * Batch * EquationPoints.PerEquation) + (own.Length * EquationPoints.PerEquation),
            ExamplesName = "points",
            // The course of the rate follows from their number.
            FollowsFrom = [("steps", $"--steps {steps}")],
            Step = step =>
            {
                using MemoryScope scope = options.Device.Scope();
                EquationPoints points = EquationPoints.Draw(options.Seed, step, AdvectionDiffusion.Draw(options.Seed, step, Batch, s_heldOut), options.Device);
                double Step(Solver solver, EquationPoints at) => solver.Run.Step(_ => solver.Loss(at), schedule.At(step));
                return
                [
                    new Metric("hyperpinn/loss", Step(hyper, points)),
                    new Metric("one pinn/loss", Step(joint, points)),
                    new Metric("own pinns/loss", own.Select((solver, i) => Step(solver, EquationPoints.Draw(options.Seed, step, [s_heldOut[i]], options.Device))).Average()),
                ];
            },
            Evaluate = _ =>
            [
                new Metric("hyperpinn/held-out error", s_heldOut.Select(equation => hyper.Error(equation, options.Device)).Average()),
                new Metric("one pinn/held-out error", s_heldOut.Select(equation => joint.Error(equation, options.Device)).Average()),
                new Metric("own pinns/held-out error", own.Select((solver, i) => solver.Error(s_heldOut[i], options.Device)).Average()),
                new Metric("hyperpinn/range error", s_range.Select(equation => hyper.Error(equation, options.Device)).Average()),
                new Metric("one pinn/range error", s_range.Select(equation => joint.Error(equation, options.Device)).Average()),
            ],
            EvaluateAfter = static step => step % EvaluateEvery == 0,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        IReadOnlyList<Metric> final = loop.Run(options, progress, cancel);
        hyper.Run.Net.Save(options.File("hyperpinn.safetensors"));
        TrainSummary summary = new(
            [
                .. all[..2].SelectMany(solver => Figures(solver.Run.Name, solver, final, Seconds(() => solver.Values(Grid(1, options.Device), s_heldOut[..1])))),
                .. Figures("own pinns", own[0], final, own.Average(static solver => solver.Run.SecondsAStep) * steps),
                .. s_heldOut.SelectMany((equation, i) => new[]
                {
                    new Figure(Words(equation), "hyperpinn", hyper.Error(equation, options.Device), "P2"),
                    new Figure(Words(equation), "one pinn", joint.Error(equation, options.Device), "P2"),
                    new Figure(Words(equation), "own pinns", own[i].Error(equation, options.Device), "P2"),
                }),
            ],
            [
                new Setting("equation", "u_t + a u_x = nu u_xx, x from -1 to 1, t from 0 to 1, u = sin(pi x) + sin(2 pi x) / 2 at the start; values at both ends given"),
                new Setting(
                    "trained on",
                    $"a from -{AdvectionDiffusion.MostSpeed} to {AdvectionDiffusion.MostSpeed}, nu from {AdvectionDiffusion.LeastDiffusion} to {AdvectionDiffusion.MostDiffusion} "
                    + $"by its logarithm, without the neighbourhood ({AdvectionDiffusion.Near:P0} of each range) of held-out equations; no solution is shown, only start and ends"),
                new Setting("error", $"root of the mean square beside that of the solution, over {Columns} x {Rows} points of x and t"),
                new Setting("hyperpinn", $"{hyper.Run.Net}"),
                new Setting("one pinn", $"{joint.Run.Net}, of coordinates and coefficients"),
                new Setting("own pinns", $"{own[0].Run.Net}, one for each held-out equation, trained on it for as many steps"),
                new Setting(
                    "optimiser",
                    $"Adam, rate {Rate}, rising for {WarmUp} steps and falling as a cosine, gradients within {LongestGradient}; {Batch} equations a step "
                    + $"with {EquationPoints.PerEquation} points each, given values count {GivenWeight} times"),
            ])
        {
            Pictures = [.. s_heldOut.Select((equation, i) => Curves(equation, hyper, joint, own[i], options.Device))],
        };
        Array.ForEach(all, static solver => solver.Run.Dispose());
        return summary;
    }

    private static PhysicsMlp Function(int coordinates, int width, int seed) => new([coordinates, width, width, width, 1], random: new RandomStream((ulong)seed));

    private static Solver Hyper(int seed)
    {
        HyperNetwork network = HyperPinn.For(Function(2, Width, seed), conditions: 2, s_generator, new RandomStream((ulong)seed + 1));
        return new Solver(
            Run("hyperpinn", network),
            (points, equations) => HyperPinn.Evaluate(network, points, AdvectionDiffusion.Conditions(equations, points.Device)),
            (points, equations) => network.Forward(points, AdvectionDiffusion.Conditions(equations, points.Device)));
    }

    private static Solver Joint(int seed)
    {
        PhysicsMlp network = Function(4, JointWidth, seed);
        return new Solver(
            Run("one pinn", network),
            (points, equations) => network.ForwardJet(With(points, equations)),
            (points, equations) => network.Forward(With(points, equations)));

        static Tensor With(Tensor points, IReadOnlyList<AdvectionDiffusion> equations)
        {
            Tensor conditions = Ops.Reshape(AdvectionDiffusion.Conditions(equations, points.Device), equations.Count, 1, 2);
            return Ops.Concatenate(2, points, Ops.BroadcastTo(conditions, [equations.Count, points.Shape[1], 2]));
        }
    }

    private static Solver Own(string name, int seed)
    {
        PhysicsMlp network = Function(2, Width, seed);
        return new Solver(Run(name, network), (points, _) => network.ForwardJet(points), (points, _) => network.Forward(points));
    }

    private static TimedRun<Layer> Run(string name, Layer network) => new(name, network, new Adam(network.Parameters, learningRate: Rate), LongestGradient);

    private static Figure[] Figures(string name, Solver solver, IReadOnlyList<Metric> final, double secondsForNew) =>
    [
        new Figure(name, "held-out error", final.Single(metric => metric.Name == $"{name}/held-out error").Value, "P2"),
        .. final.Where(metric => metric.Name == $"{name}/range error").Select(metric => new Figure(name, "range error", metric.Value, "P2")),
        new Figure(name, "parameters", solver.Run.Net.Count, "N0"),
        new Figure(name, "seconds a 1000 steps", solver.Run.SecondsAStep * 1000, "F1", "resumed"),
        new Figure(name, "seconds for a new equation", secondsForNew, "G2", "resumed"),
    ];

    // At the end of the time, when most has happened.
    private static Picture Curves(AdvectionDiffusion equation, Solver hyper, Solver joint, Solver own, Device device)
    {
        (string, IReadOnlyList<(double, double)>) Of(string name, IEnumerable<double> values) => (name, [.. values.Select((value, column) => (X(column), value))]);
        (string, IReadOnlyList<(double, double)>) Last(string name, Solver solver)
        {
            using MemoryScope scope = device.Scope();
            return Of(name, solver.Values(Grid(Rows, device), [equation]).ToArray()[^Columns..].Select(static value => (double)value));
        }
        return Picture.OfCurves(
            Words(equation), "The solution at t = 1 and what was learned without it; the equation was not among those that hyperpinn and one pinn were trained on.", "x", "u",
            [Of("solution", Enumerable.Range(0, Columns).Select(column => equation.At(X(column), 1))), Last("hyperpinn", hyper), Last("one pinn", joint), Last("own pinn", own)]);
    }

    private static string Words(AdvectionDiffusion equation) => string.Create(CultureInfo.InvariantCulture, $"a = {equation.Speed}, nu = {equation.Diffusion}");

    private static double X(int column) => (2.0 * column / (Columns - 1)) - 1;

    // Row by row from t = 0 to 1.
    private static Tensor Grid(int rows, Device device)
    {
        float[] points = new float[2 * rows * Columns];
        for (int i = 0; i < rows * Columns; i++)
        {
            (points[2 * i], points[(2 * i) + 1]) = ((float)X(i % Columns), i / Columns / Math.Max(1f, rows - 1));
        }
        return Tensor.From(points, [1, rows * Columns, 2], device);
    }

    private static double Seconds(Func<Tensor> evaluate)
    {
        using MemoryScope scope = new();
        evaluate().ToArray();
        long start = Stopwatch.GetTimestamp();
        evaluate().ToArray();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>A way to solve equations: a network in training with its values and derivatives at points [B, N, 2] of B equations.</summary>
    private sealed record Solver(
        TimedRun<Layer> Run, Func<Tensor, IReadOnlyList<AdvectionDiffusion>, Jet> Derivatives, Func<Tensor, IReadOnlyList<AdvectionDiffusion>, Tensor> Values)
    {
        public Tensor Loss(EquationPoints points)
        {
            Tensor residual = AdvectionDiffusion.Residual(Derivatives(points.Inside, points.Equations), points.Equations);
            Tensor given = Ops.Mean(Ops.Square(Ops.Subtract(Values(points.Given, points.Equations), points.Values)));
            return Ops.Add(residual, Ops.MultiplyScalar(given, GivenWeight));
        }

        public double Error(AdvectionDiffusion equation, Device device)
        {
            using MemoryScope scope = device.Scope();
            float[] values = Values(Grid(Rows, device), [equation]).ToArray();
            (double wrong, double size) = (0, 0);
            for (int i = 0; i < values.Length; i++)
            {
                double right = equation.At(X(i % Columns), i / Columns / (Rows - 1.0));
                wrong += (values[i] - right) * (values[i] - right);
                size += right * right;
            }
            return Math.Sqrt(wrong / size);
        }
    }
}
