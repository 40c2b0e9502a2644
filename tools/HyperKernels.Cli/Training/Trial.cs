using System.Globalization;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Training;

/// <summary>One way to step that a sweep tries: <c>SGD</c> (momentum 0.9) or <c>Adam</c>, at a rate.</summary>
internal sealed record TrialRate(string Optimizer, float Rate)
{
    public const string Sgd = "SGD";
    public const string Adam = "Adam";

    private const float Momentum = 0.9f;

    /// <summary>All rates of both.</summary>
    public static IReadOnlyList<TrialRate> Of(ReadOnlySpan<float> sgd, ReadOnlySpan<float> adam) =>
        [.. sgd.ToArray().Select(static rate => new TrialRate(Sgd, rate)), .. adam.ToArray().Select(static rate => new TrialRate(Adam, rate))];

    public Optimizer Make(IReadOnlyList<Parameter> parameters) => Optimizer == Adam
        ? new Adam(parameters, learningRate: Rate)
        : new Sgd(parameters, learningRate: Rate, momentum: Momentum);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Optimizer} {Rate:G4}");
}

/// <summary>One of the runs of a <see cref="Sweep"/>: a form of a network, trained in a way from a seed.</summary>
internal sealed class Trial : IDisposable
{
    public Trial(string form, TrialRate rate, int seed, HyperNetwork network, string setting = "")
    {
        Setting = setting;
        Form = form;
        Rate = rate;
        Seed = seed;
        Network = network;
        Optimizer = rate.Make(network.Parameters);
    }

    /// <summary>Where forms are compared: <c>tanh</c>, or empty where there is one setting only.</summary>
    public string Setting { get; }

    /// <summary>What is compared: <c>default</c>, <c>MIP</c>.</summary>
    public string Form { get; }

    public TrialRate Rate { get; }

    public int Seed { get; }

    public HyperNetwork Network { get; }

    public Optimizer Optimizer { get; }

    /// <summary>The last step's; not finite for a run that left all bounds and is no longer trained.</summary>
    public double Loss { get; set; }

    /// <summary>The last evaluation's.</summary>
    public double Quality { get; set; } = double.NaN;

    /// <summary>After how many steps an evaluation first met the threshold; not a number until one does.</summary>
    public double Reached { get; set; } = double.NaN;

    public bool IsLost => !double.IsFinite(Loss);

    /// <summary>One step on a loss.</summary>
    public void Step(Func<Trial, Tensor> loss)
    {
        if (IsLost)
        {
            return;
        }
        using Tape tape = new();
        Tensor value = loss(this);
        Loss = value.ToScalar();
        if (IsLost)
        {
            return;
        }
        tape.Backward(value);
        Optimizer.Step(tape);
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        Network.Dispose();
    }
}
