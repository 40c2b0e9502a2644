using System.Runtime.InteropServices;
using HyperKernels.Backends.Watched;

namespace HyperKernels;

/// <summary>
/// Records the differentiable ops computed while it is the current scope, and gives gradients in reverse. It is a
/// <see cref="MemoryScope"/>: everything made inside ends with it, except what <see cref="MemoryScope.Keep"/> lets out.
/// </summary>
/// <remarks>
/// A tape belongs to one logical flow, with the tasks started inside it: they may compute at once, and recording is ordered. Any number
/// of tapes may work at once on the same parameters. Gradients must be asked for when all tasks inside are done.
/// </remarks>
public sealed partial class Tape : MemoryScope
{
    private readonly List<TapeRecord> _records = [];
    private readonly List<Constant> _constants = [];
    private readonly List<Slot> _slots = [];
    private readonly Dictionary<TensorNode, int> _leaves = [];
    private readonly Lock _gate = new();
    // Where each op was asked for, noted while ops are checked.
    private readonly Dictionary<int, string> _places = [];
    private Gradients? _gradients;
    private bool _watches;
    private int _generation;

    // The thread that takes gradients now; 0 if none does.
    private int _backwardThread;

    /// <summary>The tape that records now in this logical flow, or null.</summary>
    /// <exception cref="ObjectDisposedException">It has ended.</exception>
    /// <exception cref="InvalidOperationException">Another flow takes gradients on it: what is computed meanwhile would be missing in later ones.</exception>
    internal static Tape? Recording
    {
        get
        {
            if (Current is not Tape tape)
            {
                return null;
            }
            if (tape.IsRecording)
            {
                // Another flow may have ended it while the op was computed.
                tape.ThrowIfDisposed("Tape", "tape");
                return tape;
            }
            tape.ThrowIfUsedByAnother("an op was computed inside it");
            return null;
        }
    }

    /// <summary>Whether ops are recorded; off while gradients are computed, unless those are to be differentiated again.</summary>
    internal bool IsRecording { get; private set; } = true;

    /// <summary>The number of ops recorded so far.</summary>
    public int RecordCount => _records.Count;

    /// <summary>Makes this tape record what is computed from a tensor that is not a parameter.</summary>
    /// <returns>The same handle.</returns>
    /// <exception cref="ArgumentException">The tensor holds integers, which have no gradient.</exception>
    /// <exception cref="ObjectDisposedException">The tape has ended.</exception>
    public Tensor Watch(Tensor tensor)
    {
        Ops.CheckFloat("Tape.Watch", tensor);
        lock (_gate)
        {
            ThrowIfDisposed("Tape.Watch", "tape");
            ThrowIfUsedByAnother("a tensor was watched");
            LeafSlot(tensor);
            _watches = true;
        }
        return tensor;
    }

    /// <summary>Computes the gradient of a scalar with respect to every parameter and watched tensor it depends on.</summary>
    /// <param name="loss">One element, computed on this tape.</param>
    /// <exception cref="ArgumentException">loss has not one element, or nothing on this tape leads to it.</exception>
    public void Backward(Tensor loss)
    {
        if (loss.Count != 1)
        {
            Throw.Argument($"Tape.Backward: the loss must have one element; it is {loss.Shape}. Take its mean or sum, or pass the gradient of each element.");
        }
        _keepsFactors = true;
        try
        {
            Run(loss, default, differentiable: false, [], s_receiver.Value);
        }
        finally
        {
            _keepsFactors = false;
        }
    }

    /// <summary>Computes the gradient of a weighted sum of a tensor's elements.</summary>
    /// <param name="output">Any shape, computed on this tape.</param>
    /// <param name="seed">The weights, shaped as <paramref name="output"/>.</param>
    /// <exception cref="ArgumentException">The shapes differ, or nothing on this tape leads to output.</exception>
    public void Backward(Tensor output, Tensor seed)
    {
        CheckSeed(output, seed);
        Run(output, seed, differentiable: false, [], s_receiver.Value);
    }

    /// <summary>Computes gradients of a scalar (or of the sum of a tensor's elements) with respect to chosen tensors.</summary>
    /// <param name="output">Computed on this tape.</param>
    /// <param name="of">Tensors on the way to it: watched ones, parameters, or intermediate results.</param>
    /// <param name="seed">Weights of the elements of output; ones if null.</param>
    /// <param name="differentiable">Records the gradient computation too, so that gradients of gradients can be taken.</param>
    /// <returns>One gradient for each of <paramref name="of"/>, in order; zeros where output does not depend on it.</returns>
    /// <exception cref="ArgumentException">Nothing on this tape leads to output, or one of <paramref name="of"/> is not on this tape.</exception>
    public Tensor[] Gradient(Tensor output, ReadOnlySpan<Tensor> of, Tensor? seed = null, bool differentiable = false)
    {
        if (seed is { } given)
        {
            CheckSeed(output, given);
        }
        int[] wanted = new int[of.Length];
        for (int i = 0; i < of.Length; i++)
        {
            wanted[i] = FindSlot(of[i].Node);
            if (wanted[i] < 0)
            {
                Throw.Argument($"Tape.Gradient: tensor {i} ({of[i].Description}) is not on this tape; call Watch on it before it is used.");
            }
        }
        Run(output, seed ?? default, differentiable, wanted, receiver: null);
        Tensor[] results = new Tensor[of.Length];
        lock (_gate)
        {
            ThrowIfDisposed("Tape", "tape");
            for (int i = 0; i < of.Length; i++)
            {
                results[i] = SlotAt(wanted[i]).Gradient.Values;
            }
        }
        for (int i = 0; i < of.Length; i++)
        {
            if (results[i].IsNone)
            {
                results[i] = Tensor.Zeros(of[i].Shape, of[i].Device);
            }
        }
        return results;
    }

    /// <summary>The gradient with respect to one tensor, as <see cref="Gradient(Tensor, ReadOnlySpan{Tensor}, Tensor?, bool)"/>.</summary>
    public Tensor Gradient(Tensor output, Tensor of, bool differentiable = false) => Gradient(output, [of], null, differentiable)[0];

    /// <summary>The values of the gradient that the last <see cref="Backward(Tensor)"/> left for a parameter or watched tensor.</summary>
    /// <returns>False if the loss did not depend on it, or there was no backward pass.</returns>
    public bool TryGetGradient(Tensor of, out Tensor gradient)
    {
        lock (_gate)
        {
            int slot = FindSlot(of.Node);
            Form(slot);
            gradient = slot < 0 ? default : SlotAt(slot).Gradient.Values;
        }
        return !gradient.IsNone;
    }

    /// <summary>The gradient that the last <see cref="Backward(Tensor)"/> left for a parameter or watched tensor, as it stands: values, or factors and parts.</summary>
    /// <returns>An empty one if the loss did not depend on it, or there was no backward pass.</returns>
    public Gradient GradientOf(Tensor of)
    {
        lock (_gate)
        {
            int slot = FindSlot(of.Node);
            return slot < 0 ? default : SlotAt(slot).Gradient;
        }
    }

    /// <summary>Puts other values in the place of those that <see cref="TryGetGradient"/> gives, which may be shared and are not written.</summary>
    internal void ReplaceGradient(Tensor of, Tensor gradient) => Put(of, part: -1, new Gradient(Held(gradient)));

    /// <summary>Forgets everything recorded and ends every tensor made so far: a loop may reuse one tape.</summary>
    /// <exception cref="InvalidOperationException">Another flow takes gradients on it.</exception>
    public override void Reset()
    {
        ThrowIfUsedByAnother("it was reset");
        Forget();
        base.Reset();
    }

    internal ref Slot SlotAt(int slot) => ref CollectionsMarshal.AsSpan(_slots)[slot];

    internal bool Tracks(Tensor tensor)
    {
        if (tensor.IsNone)
        {
            return false;
        }
        TensorNode node = tensor.Node;
        return Made(node) || node.RequiresGradient || (_watches && IsWatched(node));
    }

    /// <summary>Notes that the last record's outputs are ranges of its only input's elements, so that their gradients are parts of that input's.</summary>
    internal void MarkViews(Tensor input, ReadOnlySpan<Tensor> outputs)
    {
        lock (_gate)
        {
            int source = FindSlot(input.Node);
            // Nowhere if another flow has ended the tape by now.
            Slot from = source < 0 ? default : SlotAt(source);
            int leaf = source >= 0 && Made(input.Node) ? from.Leaf : source;
            if (leaf < 0 || !input.IsDense)
            {
                return;
            }
            long start = from.Offset - input.Node.Offset;
            foreach (Tensor output in outputs)
            {
                // Where there was no view of a range, a copy was made.
                if (output.IsDense && ReferenceEquals(output.Node.Buffer, input.Node.Buffer))
                {
                    ref Slot slot = ref SlotAt(output.Node.Slot);
                    slot.Leaf = leaf;
                    slot.Offset = start + output.Node.Offset;
                }
            }
        }
    }

    internal void Record<TSaved>(ReadOnlySpan<Tensor> outputs, ReadOnlySpan<Tensor> inputs, in TSaved saved, GradientRule<TSaved> rule)
    {
        Span<int> slots = inputs.Length <= 16 ? stackalloc int[16] : new int[inputs.Length];
        slots = slots[..inputs.Length];
        lock (_gate)
        {
            // Both may have begun while the op was computed.
            ThrowIfDisposed("Tape", "tape");
            ThrowIfUsedByAnother("an op was computed inside it");
            int constant = _constants.Count;
            for (int i = 0; i < inputs.Length; i++)
            {
                slots[i] = !Tracks(inputs[i]) ? -1 : Made(inputs[i].Node) ? inputs[i].Node.Slot : LeafSlot(inputs[i]);
                if (slots[i] >= 0)
                {
                    SlotAt(slots[i]).NoteUse(_records.Count);
                }
                else if (!inputs[i].IsNone)
                {
                    _constants.Add(new Constant(inputs[i]));
                }
            }
            if (Device.AreChecked)
            {
                _places[_records.Count] = CallSite.Here().ToString();
            }
            int first = _slots.Count;
            foreach (Tensor output in outputs)
            {
                output.Node.Recorder = this;
                output.Node.Generation = _generation;
                output.Node.Slot = _slots.Count;
                _slots.Add(new Slot(output));
            }
            _records.Add(new TapeRecord<TSaved>(slots, first, outputs.Length, constant.._constants.Count, saved, rule));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        lock (_gate)
        {
            // Else a backward pass goes on without its tensors, is refused, and forgets the rest itself.
            if (_backwardThread == 0)
            {
                Forget();
            }
        }
    }

    private void Forget()
    {
        lock (_gate)
        {
            _records.Clear();
            _constants.Clear();
            _places.Clear();
            _slots.Clear();
            _leaves.Clear();
            _watches = false;
            // What was kept beyond this no longer stands on the tape.
            _generation++;
        }
    }

    private protected override void ThrowIfUsedByAnother(string what)
    {
        int thread = Volatile.Read(ref _backwardThread);
        if (thread != 0 && thread != Environment.CurrentManagedThreadId)
        {
            Throw.InvalidOperation($"Tape: while one flow takes gradients on a tape, {what} by another. Ask for gradients when all tasks inside the tape are done.");
        }
    }

    // Made by an op of this tape since the last reset.
    private bool Made(TensorNode node) => ReferenceEquals(node.Recorder, this) && node.Generation == _generation;

    private bool IsWatched(TensorNode node)
    {
        lock (_gate)
        {
            return FindLeaf(node) >= 0;
        }
    }

    // A node may have ended and serve another tensor since it was noted.
    private int FindLeaf(TensorNode node) =>
        _leaves.TryGetValue(node, out int slot) && SlotAt(slot).Value.IsAlive ? slot : -1;

    private int FindSlot(TensorNode node) =>
        Made(node) ? node.Slot : FindLeaf(node);

    private int LeafSlot(Tensor tensor)
    {
        TensorNode node = tensor.Node;
        int slot = FindLeaf(node);
        if (slot < 0)
        {
            slot = _slots.Count;
            _slots.Add(new Slot(tensor));
            _leaves[node] = slot;
        }
        return slot;
    }

    /// <summary>What an op took that has no gradient: rules read it too, from where it stood.</summary>
    private readonly struct Constant(Tensor value)
    {
        private readonly int _writes = value.Writes;

        public Tensor Value { get; } = value;

        public bool IsAsRecorded => !Value.IsAlive || Value.Writes == _writes;
    }

    /// <summary>A tensor on the tape and, during and after a backward pass, its gradient.</summary>
    internal struct Slot(Tensor value)
    {
        // How often what lies in the value's memory had been overwritten when an op last took or made it, and the first record that met these values.
        private int _writes = value.Writes;
        private int _firstRecord;

        public Tensor Value = value;
        public Gradient Gradient;

        /// <summary>Whether the gradient's values are the slot's alone, to be added to in place.</summary>
        public bool OwnsValues;
        public bool IsWanted;

        /// <summary>How often recorded ops took the value, and the first that did.</summary>
        public int Uses;
        public int FirstUse;

        /// <summary>The slot of the leaf of which the value is a range, from element Offset on; -1 if it is of its own.</summary>
        public int Leaf = -1;
        public long Offset;

        /// <summary>An op takes the value.</summary>
        public void NoteUse(int record)
        {
            if (Uses++ == 0)
            {
                FirstUse = record;
            }
            int writes = Value.Writes;
            if (writes != _writes)
            {
                _writes = writes;
                _firstRecord = record;
            }
        }

        /// <summary>Whether the value, where it is still there, is what a record met.</summary>
        public readonly bool IsAsRecorded(int record) => !Value.IsAlive || (record >= _firstRecord && Value.Writes == _writes);
    }
}
