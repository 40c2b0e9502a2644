using HyperKernels.Optim;

namespace HyperKernels.Cases;

/// <summary>
/// Several steps of an optimiser on parameters of given sizes, and the published rule in double precision. Clipping and running averages are
/// rows too: they stand between the backward pass and the step, or behind it.
/// </summary>
public sealed class OptimizerCase : CatalogueCase
{
    private Lazy<OptimizerAnswer>? _answer;

    /// <summary>What is proven: the optimiser's class, or clipping, or the running average.</summary>
    public required string Optimizer { get; init; }

    /// <summary>Makes the optimiser for groups of parameters.</summary>
    public required Func<IReadOnlyList<ParameterGroup>, Optimizer> Make { get; init; }

    /// <summary>The published rule.</summary>
    public required UpdateRule Rule { get; init; }

    /// <summary>How many numbers of state the rule keeps for each element.</summary>
    public required int Slots { get; init; }

    /// <summary>The parameters.</summary>
    public required IReadOnlyList<OptimizerGroup> Groups { get; init; }

    /// <summary>The learning rate that <see cref="Make"/> gives.</summary>
    public required float LearningRate { get; init; }

    /// <summary>The weight decay that <see cref="Make"/> gives.</summary>
    public float WeightDecay { get; init; }

    /// <summary>How many steps are taken.</summary>
    public int Steps { get; init; } = 12;

    /// <summary>Factors of the learning rates; null means 1.</summary>
    public ISchedule? Schedule { get; init; }

    /// <summary>Bounds the length of all gradients together.</summary>
    public float? ClipNorm { get; init; }

    /// <summary>Bounds every element of the gradients.</summary>
    public float? ClipValue { get; init; }

    /// <summary>The decay of a running average that is updated after every step.</summary>
    public double? AverageDecay { get; init; }

    /// <inheritdoc/>
    public override CaseKind Kind => CaseKind.Optimizer;

    /// <inheritdoc/>
    public override string Subject => Optimizer;

    /// <inheritdoc/>
    public override IEnumerable<CaseProperty> Properties =>
    [
        new(CaseProperty.Steps, StepsMatchOracle),
        new(CaseProperty.Resumes, ResumesBitForBit),
        new(CaseProperty.Guards, device => Conformance.StaysInItsBuffers(this, device, All, What)),
        new(CaseProperty.Repeats, device => Conformance.RepeatsBitForBit(this, device, () => All(device), What)),
    ];

    /// <summary>The parameters in order.</summary>
    internal IReadOnlyList<(OptimizerParameter Parameter, OptimizerGroup Group)> Parameters =>
        [.. Groups.SelectMany(group => group.Parameters.Select(parameter => (parameter, group)))];

    /// <summary>The factor of the learning rates in a step, counted from 1.</summary>
    internal float RateFactor(int step) => Schedule?.At(step - 1) ?? 1;

    private CaseResult StepsMatchOracle(Device device)
    {
        // Once for all devices: the rows are static, the answer is the same everywhere.
        _answer ??= new(() => new OptimizerAnswer(this));
        IReadOnlyList<float[]> actual = All(device);
        double worst = 0;
        string reason = "";
        for (int i = 0; i < actual.Count; i++)
        {
            (double error, string where) = Comparison.Largest(_answer.Value.Results[i], actual[i]);
            if (error > worst || double.IsNaN(error))
            {
                worst = error;
                reason = $"{What(i)}, {where}";
            }
        }
        return Result(CaseProperty.Steps, device, worst, Tolerance, reason);
    }

    private CaseResult ResumesBitForBit(Device device)
    {
        int half = Steps / 2;
        using OptimizerRun first = new(this, device);
        first.Step(1, half);
        using OptimizerRun second = new(this, device, otherValues: true);
        second.Load(first);
        second.Step(half + 1, Steps);
        int differing = Conformance.FirstDifference(All(device), second.Results());
        return Result(
            CaseProperty.Resumes, device, differing < 0 ? 0 : double.PositiveInfinity, 0,
            $"another optimiser that took the state after {half} steps gave other bits in {What(differing)}");
    }

    private IReadOnlyList<float[]> All(Device device)
    {
        using OptimizerRun run = new(this, device);
        run.Step(1, Steps);
        return run.Results();
    }

    // The order of the results: values, states, averages.
    private string What(int result)
    {
        int parameters = Parameters.Count;
        return result < parameters ? $"parameter {result}"
            : result < parameters * (1 + Slots) ? $"state {(result - parameters) % Slots} of parameter {(result - parameters) / Slots}"
            : $"the average of parameter {result - (parameters * (1 + Slots))}";
    }
}
