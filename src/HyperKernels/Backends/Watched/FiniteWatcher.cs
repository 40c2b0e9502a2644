namespace HyperKernels.Backends.Watched;

/// <summary>Ends with the first op that makes a NaN, or an infinity where none of its inputs holds one. What only moves elements or takes them from the host makes none.</summary>
internal sealed class FiniteWatcher : IOpWatcher
{
    // What stood in an operand that the op is about to overwrite.
    private readonly System.Runtime.CompilerServices.ConditionalWeakTable<OpCall, List<State>> _before = [];
    private long _updates;

    public void Before(IBackend backend, OpCall call)
    {
        if (Skips(backend, call))
        {
            return;
        }
        List<State>? overwritten = null;
        foreach (Operand operand in call.Operands)
        {
            bool isLost = operand.Use == OperandUse.Changes
                || (operand.Use == OperandUse.Reads && call.Operands.Any(other => other.IsResult && ReferenceEquals(other.Place.Buffer, operand.Place.Buffer)));
            if (isLost && !operand.IsIndex)
            {
                (overwritten ??= []).Add(new State(operand, operand.Extent.FirstNotFinite(backend, operand.Place)));
            }
        }
        if (overwritten is not null)
        {
            _before.Add(call, overwritten);
        }
    }

    public void After(IBackend backend, OpCall call)
    {
        if (Skips(backend, call))
        {
            return;
        }
        foreach (Operand result in call.Operands.Where(static operand => operand.IsResult && !operand.IsIndex))
        {
            (long element, float value) = result.Extent.FirstNotFinite(backend, result.Place);
            if (element >= 0)
            {
                Judge(backend, call, result, element, value);
            }
        }
        _updates += call.Pass == OpPass.Update ? 1 : 0;
        _before.Remove(call);
    }

    private static bool Skips(IBackend backend, OpCall call) => call.Run is null || call.Name == nameof(IBackend.Fill) || backend.Capture?.Recorder is { Paused: false };

    private void Judge(IBackend backend, OpCall call, Operand result, long element, float value)
    {
        List<State> inputs = [];
        _before.TryGetValue(call, out List<State>? before);
        foreach (Operand operand in call.Operands.Where(static operand => operand.Use is OperandUse.Reads or OperandUse.Changes && !operand.IsIndex))
        {
            State? kept = before?.Find(state => ReferenceEquals(state.Operand, operand));
            inputs.Add(kept ?? new State(operand, operand.Extent.FirstNotFinite(backend, operand.Place)));
        }
        // Infinities that the caller put in, as masks, may go on.
        if (float.IsInfinity(value) && inputs.Exists(static input => float.IsInfinity(input.First.Value)))
        {
            return;
        }
        string finite = string.Join(", ", inputs.Where(static input => input.First.Element < 0).Select(static input => input.Operand.Name));
        string others = string.Join(", ", inputs.Where(static input => input.First.Element >= 0)
            .Select(static input => $"{input.Operand.Name} holds {Text(input.First.Value)} at element {input.First.Element}"));
        throw new OpCheckException(
            $"Finite check on {backend.Name}: {call} made {Text(value)} at element {element} of {result.Name}, {OpCheckException.When(call.Pass, _updates)},{CallSite.Here()}. "
            + (inputs.Count == 0 ? "It has no inputs."
                : others.Length == 0 ? $"All its inputs were finite: {finite}."
                : $"Its inputs were not all finite: {others}{(finite.Length > 0 ? $"; finite were {finite}" : "")}. What came from the host or a file is the caller's."))
        {
            Check = OpChecks.Finite,
            Op = call.Name,
            Pass = call.Pass,
            Operand = result.Name,
            Element = element,
            Value = value,
        };
    }

    private static string Text(float value) => float.IsNaN(value) ? "NaN" : value > 0 ? "infinity" : "-infinity";

    private sealed record State(Operand Operand, (long Element, float Value) First);
}
