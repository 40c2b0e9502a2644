namespace HyperKernels;

/// <summary>One op on a tape: where its inputs and outputs stand there. Slot -1 means an input without gradient.</summary>
internal abstract class TapeRecord
{
    private readonly int _first = -1;
    private readonly int _second = -1;
    private readonly int _third = -1;
    private readonly int[]? _more;

    protected TapeRecord(ReadOnlySpan<int> inputs, int firstOutput, int outputs, Range constants)
    {
        // Three inputs cover nearly every op; only those with more pay for an array.
        _first = inputs.Length > 0 ? inputs[0] : -1;
        _second = inputs.Length > 1 ? inputs[1] : -1;
        _third = inputs.Length > 2 ? inputs[2] : -1;
        _more = inputs.Length > 3 ? inputs[3..].ToArray() : null;
        Inputs = inputs.Length;
        FirstOutput = firstOutput;
        Outputs = outputs;
        Constants = constants;
    }

    public int Inputs { get; }

    public int FirstOutput { get; }

    public int Outputs { get; }

    /// <summary>Which of the tape's constants it took.</summary>
    public Range Constants { get; }

    public int InputSlot(int input) => input switch
    {
        0 => _first,
        1 => _second,
        2 => _third,
        _ => _more is null ? -1 : _more[input - 3],
    };

    public abstract void Run(Gradients gradients);
}

/// <summary>A record with what its rule needs from the forward pass.</summary>
internal sealed class TapeRecord<TSaved> : TapeRecord
{
    private readonly TSaved _saved;
    private readonly GradientRule<TSaved> _rule;

    public TapeRecord(ReadOnlySpan<int> inputs, int firstOutput, int outputs, Range constants, in TSaved saved, GradientRule<TSaved> rule)
        : base(inputs, firstOutput, outputs, constants)
    {
        _saved = saved;
        _rule = rule;
    }

    public override void Run(Gradients gradients) => _rule(gradients, _saved);
}
