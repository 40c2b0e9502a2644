using System.Runtime.InteropServices;

namespace HyperKernels;

// The way back: from the output's gradient through the records to those of all slots.
public sealed partial class Tape
{
    internal void Accumulate(int index, Tensor gradient)
    {
        ref Slot slot = ref SlotAt(index);
        if (gradient.Shape != slot.Value.Shape)
        {
            Throw.InvalidOperation($"Tape: a gradient rule gave {gradient.Shape} for a tensor of {slot.Value.Shape}.");
        }
        if (slot.IsProduct)
        {
            FormProduct(index);
        }
        if (slot.Gradient.IsNone)
        {
            slot.Gradient = gradient;
            gradient.Node.GradientUses++;
            return;
        }
        if (!IsRecording && (slot.OwnsGradient || IsExclusive(slot.Gradient)))
        {
            Ops.AddInto(slot.Gradient, gradient);
            slot.OwnsGradient = true;
            return;
        }
        Tensor sum = Ops.Add(slot.Gradient, gradient);
        // The sum may have been recorded, and the slots moved with it.
        slot = ref SlotAt(index);
        LetGo(slot.Gradient);
        slot.Gradient = sum;
        slot.OwnsGradient = true;
        sum.Node.GradientUses++;
    }

    private void Run(Tensor output, Tensor seed, bool differentiable, ReadOnlySpan<int> wanted)
    {
        if (!ReferenceEquals(Current, this))
        {
            Throw.InvalidOperation("Tape: gradients must be asked for inside the tape's own using block, and inside no other scope.");
        }
        int start = FindSlot(output.Node);
        if (start < 0)
        {
            Throw.Argument("Tape: nothing on this tape leads to the output: no parameter and no watched tensor took part in it.");
        }
        ClearGradients(wanted);
        int recordsBefore = _records.Count;
        IsRecording = differentiable;
        try
        {
            Accumulate(start, seed.IsNone ? Tensor.Ones(output.Shape, output.Device) : seed);
            _gradients ??= new Gradients(this);
            for (int i = recordsBefore - 1; i >= 0; i--)
            {
                TapeRecord record = _records[i];
                if (!HasGradient(record))
                {
                    continue;
                }
                int mark = differentiable ? 0 : Mark();
                _gradients.Run(record);
                if (!differentiable)
                {
                    ForgetOutputs(record);
                    // What the rule made and nobody holds returns to the pool while it is still in the cache.
                    ReleaseSince(mark);
                }
            }
            EmptyStacks();
        }
        finally
        {
            _stacks.Clear();
            IsRecording = true;
        }
    }

    private bool HasGradient(TapeRecord record)
    {
        for (int i = 0; i < record.Outputs; i++)
        {
            if (!SlotAt(record.FirstOutput + i).Gradient.IsNone)
            {
                return true;
            }
        }
        return false;
    }

    private void ForgetOutputs(TapeRecord record)
    {
        for (int i = 0; i < record.Outputs; i++)
        {
            ref Slot slot = ref SlotAt(record.FirstOutput + i);
            if (slot.IsWanted || slot.Gradient.IsNone)
            {
                continue;
            }
            Tensor gradient = slot.Gradient;
            slot.Gradient = default;
            slot.OwnsGradient = false;
            LetGo(gradient);
        }
    }

    private void ClearGradients(ReadOnlySpan<int> wanted)
    {
        ForgetProducts();
        foreach (ref Slot slot in CollectionsMarshal.AsSpan(_slots))
        {
            if (!slot.Gradient.IsNone && slot.Gradient.IsAlive)
            {
                slot.Gradient.Node.GradientUses--;
                slot.Gradient.Node.IsTemporary = false;
            }
            slot.Gradient = default;
            slot.OwnsGradient = false;
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

    // Made by a rule that has ended, and held by one slot alone: what is added to it nobody else sees.
    private static bool IsExclusive(Tensor gradient)
    {
        TensorNode node = gradient.Node;
        return node.IsTemporary && node.GradientUses == 1 && node.Buffer!.IsExclusive && gradient.IsDense;
    }

    private static void LetGo(Tensor gradient)
    {
        if (--gradient.Node.GradientUses == 0 && gradient.Node.IsTemporary)
        {
            gradient.Dispose();
        }
    }
}
