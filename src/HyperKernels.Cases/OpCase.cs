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
