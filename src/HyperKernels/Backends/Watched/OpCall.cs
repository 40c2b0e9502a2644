namespace HyperKernels.Backends.Watched;

/// <summary>One call of an op: enough to say what it did, and to make it again elsewhere.</summary>
/// <param name="name">The contract's name, with which of its functions it was: <c>Matmul</c>, <c>Unary Tanh</c>.</param>
/// <param name="run">Makes the call on a backend, with operands at the places given; null where it cannot be made again: data from or to the host.</param>
/// <param name="operands">Gives the operands; asked only where somebody wants to know.</param>
internal sealed class OpCall(string name, Action<IBackend, Places>? run, Func<Operands> operands)
{
    public string Name => name;

    public Action<IBackend, Places>? Run => run;

    public IReadOnlyList<Operand> Operands => field ??= operands().All;

    /// <summary>Additions and multiplications, 0 where it only moves elements.</summary>
    public Func<double>? Operations { get; init; }

    /// <summary>
    /// The steepest slope of the function that is applied to the op's sums of products, 1 where there is none. Where it is given, rounding errors are judged by the sum of
    /// the addends' magnitudes; where the op is no sum of products, by the largest value expected.
    /// </summary>
    public double? SumSlope { get; init; }

    /// <summary>The operands that the sum's addends are products of; all that hold floats if null.</summary>
    public IReadOnlyList<string>? Factors { get; init; }

    /// <summary>The same call without what is done to the sums; null if nothing is.</summary>
    public Action<IBackend, Places>? RunSums { get; init; }

    /// <summary>The share of a magnitude that a result may differ by, beyond what rounding explains: of products in less than float32.</summary>
    public double Looseness { get; init; }

    /// <summary>What every element of a result may differ by in any case.</summary>
    public double Slack { get; init; }

    public OpPass Pass { get; } = name.StartsWith(nameof(IOptimizerBackend.Optimize), StringComparison.Ordinal) ? OpPass.Update
        : BackwardPass.IsRunning ? OpPass.Backward
        : OpPass.Forward;

    /// <summary>Stopwatch's time when it began and when it had ended.</summary>
    public long Start { get; set; }

    public long End { get; set; }

    /// <summary>The op with its operands: <c>Matmul(a [1, 64, 320], b [1, 320, 50], y [1, 64, 50])</c>.</summary>
    public override string ToString() => $"{Name}({Sizes})";

    public string Sizes => string.Join(", ", Operands.Where(static operand => operand.Use != OperandUse.Scratch).Select(static operand => $"{operand.Name} {operand.Extent}"));
}
