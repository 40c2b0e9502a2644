namespace HyperKernels.Cases;

/// <summary>One op at one size: how it is run through <see cref="HyperKernels.Ops"/>, the plain answer, and how much work it is.</summary>
public sealed class OpCase : FunctionCase
{
    /// <summary>The op's name as in kernels and on the command line: <c>segment_sum</c>.</summary>
    public required string Op { get; init; }

    /// <summary>Runs the op on the inputs, in order.</summary>
    public required Func<Tensor[], Tensor> Run { get; init; }

    /// <summary>The same in plain loops and doubles.</summary>
    public required Func<Plain[], Plain> Oracle { get; init; }

    /// <summary>The function of one number, or of one of each input, that every number of the output is: where the op is such a function and rounds once.</summary>
    public Func<double, double, double>? Scalar { get; init; }

    /// <summary>Whether every number of the output is a sum of products of numbers of the inputs.</summary>
    public bool SumsProducts { get; init; }

    /// <summary>
    /// For every number of the output the sum of its terms' magnitudes, which its rounding error is in proportion to. Null where that is not known;
    /// of <see cref="SumsProducts"/> it is the oracle of the magnitudes.
    /// </summary>
    public Func<Plain[], Plain>? Terms
    {
        get => field ?? (SumsProducts ? inputs => Oracle([.. inputs.Select((input, i) => Inputs[i].ElementType == ElementType.Float32 ? input.Map(Math.Abs) : input)]) : null);
        init;
    }

    /// <summary>Floating-point operations of one forward run.</summary>
    public double Flops { get; init; }

    /// <summary>Bytes that one forward run has to read and write at least.</summary>
    public double Bytes { get; init; }

    /// <summary>Whether benchmarks run this row by default.</summary>
    public bool Benchmark { get; init; }

    /// <inheritdoc/>
    public override CaseKind Kind => CaseKind.Op;

    /// <inheritdoc/>
    public override string Subject => Op;

    /// <inheritdoc/>
    public override Plain Answer(Plain[] arguments) => Oracle(arguments);

    /// <inheritdoc/>
    public override CaseRun Start(Plain[] arguments, Device device)
    {
        Tensor[] tensors = Upload(arguments, device);
        return new CaseRun(tensors, () => Run(tensors));
    }

    /// <summary>Copies drawn inputs to a device, in the current scope.</summary>
    public Tensor[] Upload(Plain[] inputs, Device device) => [.. inputs.Select((input, i) => Inputs[i].Upload(input, device))];
}
