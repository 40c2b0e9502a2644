namespace HyperKernels.Cases;

/// <summary>
/// One op at one size: how its inputs are drawn, how it is run through <see cref="Ops"/>, the plain answer in double precision, how close
/// the two must be, and how much work it is. Tests, <c>verify</c>, <c>bench</c> and <c>ops</c> all read the same rows.
/// </summary>
public sealed class OpCase
{
    /// <summary>Of the largest magnitude expected in the output; a looser one needs a reason.</summary>
    public const double DefaultTolerance = 1e-5;

    /// <summary>Of the largest magnitude in that gradient.</summary>
    public const double DefaultGradientTolerance = 5e-5;

    /// <summary>The op's name as in kernels and on the command line: <c>segment_sum</c>.</summary>
    public required string Op { get; init; }

    /// <summary>The sizes: <c>M=7 S=3 F=5</c>; with options where the op has some.</summary>
    public required string Sizes { get; init; }

    /// <summary>What the random inputs start from; printed with every failure.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The inputs, in the order in which <see cref="Run"/> and <see cref="Oracle"/> get them.</summary>
    public required IReadOnlyList<CaseInput> Inputs { get; init; }

    /// <summary>Runs the op.</summary>
    public required Func<Tensor[], Tensor> Run { get; init; }

    /// <summary>The same in plain loops and doubles.</summary>
    public required Func<Plain[], Plain> Oracle { get; init; }

    /// <summary>Allowed error, relative to the largest magnitude expected.</summary>
    public double Tolerance { get; init; } = DefaultTolerance;

    /// <summary>Allowed error of gradients, relative to the largest magnitude of that gradient.</summary>
    public double GradientTolerance { get; init; } = DefaultGradientTolerance;

    /// <summary>Why a tolerance is not the default.</summary>
    public string? ToleranceReason { get; init; }

    /// <summary>Whether gradients of gradients are checked too.</summary>
    public bool TwiceDifferentiable { get; init; }

    /// <summary>Floating-point operations of one forward run.</summary>
    public double Flops { get; init; }

    /// <summary>Bytes that one forward run has to read and write at least.</summary>
    public double Bytes { get; init; }

    /// <summary>Whether benchmarks run this row by default.</summary>
    public bool Benchmark { get; init; }

    /// <summary>Op and sizes: the row's identity in tests and filters.</summary>
    public string Name => $"{Op}({Sizes})";

    /// <summary>Draws the inputs.</summary>
    public Plain[] MakeInputs()
    {
        Random random = new(Seed);
        return [.. Inputs.Select(input => input.Make(random))];
    }

    /// <summary>Copies drawn inputs to a device, in the current scope.</summary>
    public Tensor[] Upload(Plain[] inputs, Device device) =>
        [.. inputs.Select((input, i) => Inputs[i].ElementType == ElementType.Float32
            ? Tensor.From(Array.ConvertAll(input.Values, v => (float)v), input.Shape, device)
            : Tensor.From(Array.ConvertAll(input.Values, v => (int)v), input.Shape, device))];

    /// <inheritdoc/>
    public override string ToString() => Name;
}
