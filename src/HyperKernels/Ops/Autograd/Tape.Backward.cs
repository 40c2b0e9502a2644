using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HyperKernels;

// The way back: from the output's gradient through the records to those of all slots.
public sealed partial class Tape
{
    private void Run(Tensor output, Tensor seed, bool differentiable, ReadOnlySpan<int> wanted, IGradientReceiver? receiver)
    {
        if (!ReferenceEquals(Current, this))
        {
            Throw.InvalidOperation("Tape: gradients must be asked for inside the tape's own using block, and inside no other scope.");
        }
        // Behind what another flow may be recording.
        lock (_gate)
        {
            ThrowIfDisposed("Tape", "tape");
            ThrowIfUsedByAnother("gradients were asked for");
            if (_backwardThread != 0)
            {
                Throw.InvalidOperation("Tape: gradients were asked for while they are computed, by a gradient rule or whoever is told of gradients.");
            }
            _backwardThread = Environment.CurrentManagedThreadId;
        }
        try
        {
            RunAlone(output, seed, differentiable, wanted, receiver);
        }
        finally
        {
            lock (_gate)
            {
                _backwardThread = 0;
                if (IsDisposed)
                {
                    Forget();
                }
            }
        }
    }

    private void RunAlone(Tensor output, Tensor seed, bool differentiable, ReadOnlySpan<int> wanted, IGradientReceiver? receiver)
    {
        int start = FindSlot(output.Node);
        if (start < 0)
        {
            Throw.Argument("Tape: nothing on this tape leads to the output: no parameter and no watched tensor took part in it.");
        }
        ClearGradients(wanted);
        int recordsBefore = _records.Count;
        List<(int FirstUse, int Slot)>? parameters = receiver is null ? null : ParametersByFirstUse();
        int told = 0;
        IsRecording = differentiable;
        using Activity? activity = Telemetry.StartBackward();
        BackwardPass.Begin();
        try
        {
            Accumulate(start, Seed(output, seed, receiver?.Weight ?? 1));
            _gradients ??= new Gradients(this);
            for (int i = recordsBefore - 1; i >= 0; i--)
            {
                TapeRecord record = _records[i];
                if (HasGradient(record))
                {
                    Run(record, i, differentiable);
                }
                if (receiver is not null)
                {
                    TellReady(receiver, parameters!, ref told, i);
                }
            }
            FinishStacks();
            receiver?.Finish(this);
        }
        finally
        {
            BackwardPass.End();
            IsRecording = true;
        }
    }

    private static Tensor Seed(Tensor output, Tensor given, float weight)
    {
        if (given.IsNone)
        {
            return Tensor.Full(output.Shape, weight, output.Device);
        }
        return weight == 1 ? given : Ops.MultiplyScalar(given, weight);
    }

    private void Run(TapeRecord record, int number, bool differentiable)
    {
        CheckValues(record, number);
        int mark = differentiable ? 0 : Mark();
        RunRule(record, number);
        // Also after it: another thread may have written while it read.
        CheckValues(record, number);
        if (!differentiable)
        {
            ForgetOutputs(record);
            // What the rule made and nobody holds returns to the pool while it is still in the cache.
            ReleaseSince(mark);
        }
    }

    private void RunRule(TapeRecord record, int number)
    {
        try
        {
            _gradients!.Run(record);
        }
        catch (OpCheckException failure) when (_places.TryGetValue(number, out string? place))
        {
            throw failure.With($"The op whose gradient this is was{place}.");
        }
    }

    private bool HasGradient(TapeRecord record)
    {
        for (int i = 0; i < record.Outputs; i++)
        {
            if (!SlotAt(record.FirstOutput + i).Gradient.Values.IsNone)
            {
                return true;
            }
        }
        return false;
    }

    // Rules read the values that they met, from where these stood.
    private void CheckValues(TapeRecord record, int number)
    {
        for (int i = 0; i < record.Inputs + record.Outputs; i++)
        {
            int slot = i < record.Inputs ? record.InputSlot(i) : record.FirstOutput + i - record.Inputs;
            if (slot >= 0 && !SlotAt(slot).IsAsRecorded(number))
            {
                RefuseOverwritten(SlotAt(slot).Value);
            }
        }
        foreach (ref readonly Constant constant in CollectionsMarshal.AsSpan(_constants)[record.Constants])
        {
            if (!constant.IsAsRecorded)
            {
                RefuseOverwritten(constant.Value);
            }
        }
    }

    private static void RefuseOverwritten(Tensor tensor) => Throw.InvalidOperation(
        $"Tape: a tensor ({tensor.Description}) was overwritten, by an optimiser's step or CopyFrom, after an op on this tape took it: gradients "
        + "would be those of other values. Take all gradients before the step, or compute the output again after it.");

    private void ForgetOutputs(TapeRecord record)
    {
        for (int i = 0; i < record.Outputs; i++)
        {
            ref Slot slot = ref SlotAt(record.FirstOutput + i);
            if (!slot.IsWanted)
            {
                LetGoOfAll(ref slot);
            }
        }
    }

    private void ClearGradients(ReadOnlySpan<int> wanted)
    {
        foreach (ref Slot slot in CollectionsMarshal.AsSpan(_slots))
        {
            if (!slot.Gradient.Values.IsNone && slot.Gradient.Values.IsAlive)
            {
                // Whoever asked for it may still hold it.
                slot.Gradient.Values.Node.GradientUses--;
                slot.Gradient.Values.Node.IsTemporary = false;
                slot.Gradient = new Gradient(default, slot.Gradient.Deferred);
            }
            LetGoOfAll(ref slot);
            slot.IsWanted = false;
        }
        foreach (int slot in wanted)
        {
            SlotAt(slot).IsWanted = true;
        }
    }

    private static void CheckSeed(Tensor output, Tensor seed)
    {
        Ops.CheckFloats("Tape", output, seed);
        if (seed.Shape != output.Shape)
        {
            Throw.Argument($"Tape: the seed gradient must be shaped as the output {output.Shape}; it is {seed.Shape}.");
        }
    }
}
