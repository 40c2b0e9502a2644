namespace HyperKernels;

/// <summary>What a gradient rule sees: the gradients of its op's outputs to read, those of the inputs to write.</summary>
internal sealed class Gradients
{
    private readonly Tape _tape;
    private TapeRecord _record = null!;

    public Gradients(Tape tape) => _tape = tape;

    /// <summary>The gradient of the op's only (or first) output.</summary>
    public Tensor Output => this.OutputAt(0);

    /// <summary>Whether the rule's own work is being recorded, so that it has to be written in differentiable ops.</summary>
    public bool Recorded => _tape.IsRecording;

    /// <summary>Whether anybody wants the gradient of that input.</summary>
    public bool Needs(int input) => _record.InputSlot(input) >= 0;

    /// <summary>Whether the result depended on that output.</summary>
    public bool Has(int output) => !_tape.SlotAt(_record.FirstOutput + output).Gradient.Values.IsNone;

    /// <summary>The gradient of an output; zeros if the result did not depend on it.</summary>
    public Tensor OutputAt(int output)
    {
        ref Tape.Slot slot = ref _tape.SlotAt(_record.FirstOutput + output);
        return slot.Gradient.Values.IsNone ? Tensor.Zeros(slot.Value.Shape, slot.Value.Device) : slot.Gradient.Values;
    }

    /// <summary>Adds to the gradient of an input. Ignored if nobody wants it.</summary>
    public Tensor this[int input]
    {
        set
        {
            int slot = _record.InputSlot(input);
            if (slot >= 0)
            {
                _tape.Accumulate(slot, value);
            }
        }
    }

    /// <summary>Adds <c>left^T right</c> to the gradient of an input. It may stay these factors until somebody asks for values.</summary>
    public void AddProduct(int input, Tensor left, Tensor right)
    {
        int slot = _record.InputSlot(input);
        if (slot >= 0)
        {
            _tape.AddProduct(slot, left, right);
        }
    }

    /// <summary>As <see cref="AddProduct"/> where many ops share the input, so that factors are collected; else does nothing and says false.</summary>
    public bool TryCollect(int input, Tensor left, Tensor right)
    {
        int slot = _record.InputSlot(input);
        return slot >= 0 && _tape.TryCollect(slot, left, right);
    }

    /// <summary>Whether <see cref="AddProduct"/> would leave factors of such sizes to the optimiser.</summary>
    public bool KeepsFactors(int input, int rows, int columns, int depth)
    {
        int slot = _record.InputSlot(input);
        return slot >= 0 && _tape.KeepsFactors(slot, rows, columns, depth);
    }

    internal void Run(TapeRecord record)
    {
        _record = record;
        record.Run(this);
    }
}
