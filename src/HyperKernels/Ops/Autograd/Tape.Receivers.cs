namespace HyperKernels;

// Who is told of final gradients, and what may be put in their place.
public sealed partial class Tape
{
    private static readonly AsyncLocal<IGradientReceiver?> s_receiver = new();

    /// <summary>
    /// Lets backward passes tell somebody of final gradients until the result is disposed, in this thread and what it starts or awaits:
    /// <c>using IDisposable use = Tape.UseReceiver(receiver);</c>
    /// </summary>
    /// <returns>To be disposed: the receiver is then the one before again.</returns>
    /// <remarks>It is told by <see cref="Backward(Tensor)"/> and <see cref="Backward(Tensor, Tensor)"/>, not by gradients of chosen tensors.</remarks>
    public static IDisposable UseReceiver(IGradientReceiver receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        ReceiverUse use = new(s_receiver.Value);
        s_receiver.Value = receiver;
        return use;
    }

    /// <summary>Puts other values in the place of the gradient that the last backward pass left, or of one of its parts; in its memory where nobody else sees that.</summary>
    /// <param name="of">A parameter or watched tensor that has a gradient.</param>
    /// <param name="values">One for each of its elements, or of the part's, row-major.</param>
    /// <param name="offset">Where the part begins.</param>
    /// <exception cref="ArgumentException">There is no part of as many elements there.</exception>
    /// <exception cref="InvalidOperationException">It has no gradient.</exception>
    public void ReplaceGradient(Tensor of, ReadOnlySpan<float> values, long offset = 0)
    {
        Gradient held = Replaced(of, offset, values.Length, out int part);
        bool isOwned = part < 0 && SlotAt(FindSlot(of.Node)).OwnsValues;
        if (held.IsDense && held.Values.IsDense && (isOwned || IsExclusive(held.Values)))
        {
            of.Device.Backend.Upload(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values), held.Values.Ref);
            return;
        }
        Put(of, part, new Gradient(Held(Tensor.From(values, part < 0 ? of.Shape : [values.Length], of.Device))));
    }

    /// <summary>Puts the product <c>left^T right</c> in the place of the gradient that the last backward pass left, or of one of its parts.</summary>
    /// <param name="of">A parameter, <c>[M, N]</c> or of as many elements in more axes, that has a gradient.</param>
    /// <param name="left"><c>[K, M]</c>.</param>
    /// <param name="right"><c>[K, N]</c>.</param>
    /// <param name="offset">Where the part of <c>M N</c> elements begins.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or there is no such part.</exception>
    /// <exception cref="InvalidOperationException">It has no gradient.</exception>
    /// <remarks>Both factors must stay as they are until the step. It stays two factors where the optimiser forms products itself, and is formed at once elsewhere.</remarks>
    public void ReplaceGradient(Tensor of, Tensor left, Tensor right, long offset = 0)
    {
        if (left.Rank != 2 || right.Rank != 2 || left.Shape[0] != right.Shape[0])
        {
            Throw.Argument($"Tape.ReplaceGradient: the factors must be [K, M] and [K, N]; they are {left.Shape} and {right.Shape}.");
        }
        long count = (long)left.Shape[1] * right.Shape[1];
        Replaced(of, offset, count, out int part);
        if (Ops.UsesUpProduct(left, right, left.Shape[0]))
        {
            DeferredGradient product = new() { Left = Held(left), Right = Held(right), Depth = left.Shape[0], Precision = Precision.Current };
            Put(of, part, new Gradient(default, product));
            return;
        }
        Tensor values = Ops.Matmul(left, right, transposeA: true);
        Put(of, part, new Gradient(Held(part < 0 ? Ops.Reshape(values, of.Shape) : values)));
    }

    // The parameters' slots in the order in which their gradients become final: that of their first uses, backwards.
    private List<(int FirstUse, int Slot)> ParametersByFirstUse()
    {
        List<(int FirstUse, int Slot)> found = [];
        for (int i = 0; i < _slots.Count; i++)
        {
            if (IsParameter(SlotAt(i)) && SlotAt(i).Uses > 0)
            {
                found.Add((SlotAt(i).FirstUse, i));
            }
        }
        found.Sort(static (a, b) => a.FirstUse != b.FirstUse ? b.FirstUse.CompareTo(a.FirstUse) : a.Slot.CompareTo(b.Slot));
        return found;
    }

    private void TellReady(IGradientReceiver receiver, List<(int FirstUse, int Slot)> parameters, ref int told, int record)
    {
        while (told < parameters.Count && parameters[told].FirstUse >= record)
        {
            int slot = parameters[told++].Slot;
            FinishStack(slot);
            if (!SlotAt(slot).Gradient.IsNone)
            {
                receiver.Ready(this, SlotAt(slot).Value);
            }
        }
        receiver.Advance();
    }

    // What is to be replaced: the whole gradient (part -1), or one of its parts.
    private Gradient Replaced(Tensor of, long offset, long count, out int part)
    {
        ThrowIfDisposed("Tape.ReplaceGradient", "tape");
        int slot = FindSlot(of.Node);
        if (slot < 0 || SlotAt(slot).Gradient.IsNone)
        {
            Throw.InvalidOperation($"Tape.ReplaceGradient: the last backward pass left no gradient for {of}.");
        }
        Gradient gradient = SlotAt(slot).Gradient;
        part = gradient.Deferred?.Parts?.FindIndex(one => one.Offset == offset && one.Count == count) ?? -1;
        if (part < 0 && (offset != 0 || count != of.Count))
        {
            Throw.Argument($"Tape.ReplaceGradient: the gradient of {of.Shape} has no part of {count} elements from {offset} on.");
        }
        return part < 0 ? gradient : gradient.Deferred!.Parts![part].Gradient;
    }

    // Whoever asked for what stood there may still hold it: it ends with the tape.
    private void Put(Tensor of, int part, Gradient gradient)
    {
        ref Slot slot = ref SlotAt(FindSlot(of.Node));
        if (part >= 0)
        {
            List<GradientPart> parts = slot.Gradient.Deferred!.Parts!;
            parts[part] = parts[part] with { Gradient = gradient };
            return;
        }
        if (!slot.Gradient.Values.IsNone)
        {
            slot.Gradient.Values.Node.GradientUses--;
        }
        slot.Gradient = gradient;
        slot.OwnsValues = gradient.IsDense;
    }

    private sealed class ReceiverUse(IGradientReceiver? before) : IDisposable
    {
        public void Dispose() => s_receiver.Value = before;
    }
}
