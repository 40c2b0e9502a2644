using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Diffusion: data are mixed with more and more noise, <c>x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) e</c>, a model learns to take it out, and samples are made by
/// taking it out of pure noise step by step.
/// </summary>
/// <remarks>
/// A model is a function of noised rows <c>[B, P]</c> and their timesteps <c>[B, 1]</c>, numbers from 0 to the steps of the schedule less one, that gives
/// the data (G.pt's choice) or the noise. Sources: Ho, Jain, Abbeel, NeurIPS 2020 (DDPM); Song, Meng, Ermon, ICLR 2021 (DDIM), equation 12; Nichol, Dhariwal,
/// ICML 2021.
/// </remarks>
public sealed class GaussianDiffusion
{
    private const double CosineOffset = 0.008;
    private const double LargestVariance = 0.999;

    // Steps of the schedule that the betas of this process lead from one to the next.
    private readonly int[] _timesteps;
    private readonly double[] _betas;
    private readonly double[] _signal;

    /// <summary>Makes the process.</summary>
    /// <param name="steps">The number of steps; 1000 in G.pt.</param>
    /// <param name="schedule">How the noise grows.</param>
    /// <param name="predictsNoise">Whether the model gives the noise; else the data.</param>
    /// <param name="largeVariance">Whether sampling adds noise of the variance of the forward steps (G.pt's choice); else of the posterior.</param>
    /// <exception cref="ArgumentException">steps is below 1, or too few for variances below 1.</exception>
    public GaussianDiffusion(int steps = 1000, NoiseSchedule schedule = NoiseSchedule.Linear, bool predictsNoise = false, bool largeVariance = true)
        : this([.. Enumerable.Range(0, Math.Max(steps, 0))], Betas(steps, schedule), predictsNoise, largeVariance)
    {
    }

    private GaussianDiffusion(int[] timesteps, double[] betas, bool predictsNoise, bool largeVariance)
    {
        _timesteps = timesteps;
        _betas = betas;
        PredictsNoise = predictsNoise;
        LargeVariance = largeVariance;
        _signal = new double[betas.Length];
        double product = 1;
        for (int i = 0; i < betas.Length; i++)
        {
            product *= 1 - betas[i];
            _signal[i] = product;
        }
    }

    /// <summary>The number of steps.</summary>
    public int Steps => _betas.Length;

    /// <summary>Whether the model gives the noise; else the data.</summary>
    public bool PredictsNoise { get; }

    /// <summary>Whether sampling adds noise of the variance of the forward steps.</summary>
    public bool LargeVariance { get; }

    /// <summary>The share a_t of the data's variance in each step.</summary>
    public IReadOnlyList<double> Signal => _signal;

    /// <summary>The same process in fewer steps: some of its timesteps, evenly spaced, with which a trained model samples faster.</summary>
    /// <param name="steps">How many.</param>
    /// <exception cref="ArgumentException">There are not as many, or less than 1.</exception>
    public GaussianDiffusion Spaced(int steps)
    {
        if (steps < 1 || steps > Steps)
        {
            throw new ArgumentException($"GaussianDiffusion: between 1 and {Steps} steps can be kept; got {steps}.", nameof(steps));
        }
        double stride = steps == 1 ? 1 : (Steps - 1.0) / (steps - 1);
        int[] kept = [.. Enumerable.Range(0, steps).Select(i => (int)Math.Round(i * stride))];
        double[] betas = [.. kept.Select((at, i) => 1 - (_signal[at] / (i == 0 ? 1 : _signal[kept[i - 1]])))];
        return new GaussianDiffusion([.. kept.Select(at => _timesteps[at])], betas, PredictsNoise, LargeVariance);
    }

    /// <summary>Draws a step for each row, evenly.</summary>
    /// <param name="count">The rows.</param>
    /// <param name="random">Where draws come from.</param>
    public int[] DrawSteps(int count, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        float[] draws = new float[Throw.IfNoLength("DrawSteps", count)];
        random.FillUniform(draws);
        return Array.ConvertAll(draws, draw => Math.Min((int)(draw * Steps), Steps - 1));
    }

    /// <summary>Mixes data with noise.</summary>
    /// <param name="data"><c>[B, P]</c></param>
    /// <param name="steps">For every row its step, from 0.</param>
    /// <param name="noise"><c>[B, P]</c>, from N(0, 1).</param>
    /// <returns><c>[B, P]</c></returns>
    public Tensor Diffuse(Tensor data, ReadOnlySpan<int> steps, Tensor noise) => Ops.Add(
        Ops.Multiply(Column(data, steps, step => Math.Sqrt(_signal[step])), data),
        Ops.Multiply(Column(data, steps, step => Math.Sqrt(1 - _signal[step])), noise));

    /// <summary>The mean squared error of a model at given steps.</summary>
    /// <param name="model">Noised rows and timesteps to data, or noise.</param>
    /// <param name="data"><c>[B, P]</c></param>
    /// <param name="steps">For every row its step, from 0.</param>
    /// <param name="noise"><c>[B, P]</c>, from N(0, 1).</param>
    /// <returns>A scalar.</returns>
    public Tensor Loss(Func<Tensor, Tensor, Tensor> model, Tensor data, ReadOnlySpan<int> steps, Tensor noise)
    {
        ArgumentNullException.ThrowIfNull(model);
        Tensor answer = model(Diffuse(data, steps, noise), Timesteps(data, steps));
        return Ops.MeanSquaredError(answer, PredictsNoise ? noise : data);
    }

    /// <summary>Makes samples of noise (DDPM): every step draws from the posterior.</summary>
    /// <param name="model">Noised rows and timesteps to data, or noise.</param>
    /// <param name="noise"><c>[B, P]</c>, from N(0, 1).</param>
    /// <param name="random">Where the noise of the steps comes from.</param>
    /// <param name="bound">What predicted data are clipped to, plus and minus; null leaves them.</param>
    /// <returns><c>[B, P]</c></returns>
    /// <remarks>Intermediate results live as long as the scope around; run it outside tapes.</remarks>
    public Tensor Sample(Func<Tensor, Tensor, Tensor> model, Tensor noise, RandomStream random, float? bound = null)
    {
        ArgumentNullException.ThrowIfNull(random);
        Tensor x = noise;
        for (int step = Steps - 1; step >= 0; step--)
        {
            Tensor data = Predict(model, x, step, bound);
            (double signal, double before) = (_signal[step], step == 0 ? 1 : _signal[step - 1]);
            double ofData = _betas[step] * Math.Sqrt(before) / (1 - signal);
            double ofNoised = (1 - before) * Math.Sqrt(1 - _betas[step]) / (1 - signal);
            x = Ops.Add(Ops.MultiplyScalar(data, (float)ofData), Ops.MultiplyScalar(x, (float)ofNoised));
            if (step > 0)
            {
                double variance = LargeVariance ? _betas[step] : _betas[step] * (1 - before) / (1 - signal);
                x = Ops.Add(x, Ops.RandomNormal(x.Shape, random, 0, (float)Math.Sqrt(variance), x.Device));
            }
        }
        return x;
    }

    /// <summary>Makes samples of noise (DDIM): without noise in the steps, or with a share of it.</summary>
    /// <param name="model">Noised rows and timesteps to data, or noise.</param>
    /// <param name="noise"><c>[B, P]</c>, from N(0, 1).</param>
    /// <param name="eta">The share; 1 is as much as the posterior's.</param>
    /// <param name="random">Where the noise of the steps comes from; needed for a share above 0.</param>
    /// <param name="bound">What predicted data are clipped to, plus and minus; null leaves them.</param>
    /// <returns><c>[B, P]</c></returns>
    /// <exception cref="ArgumentException">There is a share of noise, but no random stream.</exception>
    public Tensor SampleImplicit(Func<Tensor, Tensor, Tensor> model, Tensor noise, float eta = 0, RandomStream? random = null, float? bound = null)
    {
        if (eta > 0 && random is null)
        {
            throw new ArgumentException("GaussianDiffusion: a random stream is needed for eta above 0.", nameof(random));
        }
        Tensor x = noise;
        for (int step = Steps - 1; step >= 0; step--)
        {
            Tensor data = Predict(model, x, step, bound);
            (double signal, double before) = (_signal[step], step == 0 ? 1 : _signal[step - 1]);
            Tensor drawn = Ops.MultiplyScalar(Ops.Subtract(x, Ops.MultiplyScalar(data, (float)Math.Sqrt(signal))), (float)(1 / Math.Sqrt(1 - signal)));
            double deviation = eta * Math.Sqrt((1 - before) / (1 - signal)) * Math.Sqrt(1 - (signal / before));
            double kept = Math.Sqrt(Math.Max(1 - before - (deviation * deviation), 0));
            x = Ops.Add(Ops.MultiplyScalar(data, (float)Math.Sqrt(before)), Ops.MultiplyScalar(drawn, (float)kept));
            if (step > 0 && eta > 0)
            {
                x = Ops.Add(x, Ops.RandomNormal(x.Shape, random!, 0, (float)deviation, x.Device));
            }
        }
        return x;
    }

    private Tensor Predict(Func<Tensor, Tensor, Tensor> model, Tensor x, int step, float? bound)
    {
        ArgumentNullException.ThrowIfNull(model);
        int[] steps = new int[x.Shape[0]];
        Array.Fill(steps, step);
        Tensor answer = model(x, Timesteps(x, steps));
        Tensor data = PredictsNoise
            ? Ops.Subtract(
                Ops.MultiplyScalar(x, (float)Math.Sqrt(1 / _signal[step])), Ops.MultiplyScalar(answer, (float)Math.Sqrt((1 / _signal[step]) - 1)))
            : answer;
        return bound is { } most ? Ops.Clamp(data, -most, most) : data;
    }

    private Tensor Timesteps(Tensor rows, ReadOnlySpan<int> steps) => Column(rows, steps, step => _timesteps[step]);

    private static Tensor Column(Tensor rows, ReadOnlySpan<int> steps, Func<int, double> value)
    {
        if (rows.Rank != 2 || steps.Length != rows.Shape[0])
        {
            throw new ArgumentException($"GaussianDiffusion: a step for each row of data [B, P] is needed; got {steps.Length} for {rows.Shape}.", nameof(steps));
        }
        return Tensor.From(Array.ConvertAll(steps.ToArray(), step => (float)value(step)), [steps.Length, 1], rows.Device);
    }

    private static double[] Betas(int steps, NoiseSchedule schedule)
    {
        static double Cosine(double time) => Math.Pow(Math.Cos((time + CosineOffset) / (1 + CosineOffset) * Math.PI / 2), 2);
        if (steps < 1)
        {
            throw new ArgumentException($"GaussianDiffusion: steps must be at least 1; got {steps}.", nameof(steps));
        }
        double scale = 1000.0 / steps;
        double[] betas =
        [
            .. Enumerable.Range(0, steps).Select(i => schedule == NoiseSchedule.Cosine
                ? Math.Min(1 - (Cosine((i + 1.0) / steps) / Cosine((double)i / steps)), LargestVariance)
                : scale * (0.0001 + (0.0199 * (steps == 1 ? 0 : i / (steps - 1.0))))),
        ];
        return betas[^1] < 1
            ? betas
            : throw new ArgumentException($"GaussianDiffusion: the linear schedule needs more than 20 steps; got {steps}. Make it with more and use Spaced.", nameof(steps));
    }
}
