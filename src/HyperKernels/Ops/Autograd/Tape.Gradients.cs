using System.Runtime.InteropServices;

namespace HyperKernels;

// What stands in a slot as its gradient, and how more is added to it.
public sealed partial class Tape
{
    // Room of collected factors: a product so deep writes its result at the speed at which it is computed.
    private const int StackDepth = 256;

    // Fewer uses than these would fill too little of a stack.
    private const int LeastUses = 4;

    // Whether gradients of leaves may stay factors and parts: not where the caller is handed tensors, or may write to his seed.
    private bool _keepsFactors;

    /// <summary>Adds values to the gradient of a slot.</summary>
    internal void Accumulate(int index, Tensor gradient)
    {
        ref Slot slot = ref SlotAt(index);
        if (gradient.Shape != slot.Value.Shape)
        {
            Throw.InvalidOperation($"Tape: a gradient rule gave {gradient.Shape} for a tensor of {slot.Value.Shape}.");
        }
        if (GoesToLeaf(slot) && gradient.IsDense)
        {
            AddPart(slot.Leaf, slot.Offset, slot.Value.Count, new Gradient(gradient));
            return;
        }
        Tensor sum = Sum(slot.Gradient.Values, ref slot.OwnsValues, gradient);
        // The sum may have been recorded, and the slots moved with it.
        slot = ref SlotAt(index);
        slot.Gradient = new Gradient(sum, slot.Gradient.Deferred);
    }

    /// <summary>Adds <c>left^T right</c> to the gradient of a slot; left <c>[K, M]</c>, right <c>[K, N]</c>, or with a leading axis of groups.</summary>
    /// <remarks>
    /// That of a leaf stays factors where forming it at once is a waste: small products that many uses of one weight add are collected until
    /// they are deep, a large one is left to the optimiser.
    /// </remarks>
    internal void AddProduct(int index, Tensor left, Tensor right)
    {
        ref Slot slot = ref SlotAt(index);
        if (!IsRecording && (TryCollect(ref slot, index, left, right) || TryKeep(ref slot, left, right)))
        {
            return;
        }
        // A product of a matrix's shape may serve a tensor with more axes of as many elements.
        Accumulate(index, Ops.Reshape(Ops.Matmul(left, right, transposeA: true), SlotAt(index).Value.Shape));
    }

    /// <summary>As <see cref="AddProduct"/>, if the factors can be collected with those of other uses; else does nothing and says false.</summary>
    internal bool TryCollect(int index, Tensor left, Tensor right) => !IsRecording && TryCollect(ref SlotAt(index), index, left, right);

    /// <summary>Whether <see cref="AddProduct"/> would keep such factors for the optimiser, so that forming the product is a waste.</summary>
    internal bool KeepsFactors(int index, int rows, int columns, int depth)
    {
        ref Slot slot = ref SlotAt(index);
        return _keepsFactors && !IsRecording && (IsParameter(slot) || slot.Leaf >= 0) && slot.Value.Device.Backend.UsesUpProduct(rows, columns, depth);
    }

    private bool TryCollect(ref Slot slot, int index, Tensor left, Tensor right)
    {
        if (slot.Uses < LeastUses || Made(slot.Value.Node) || !IsStackable(slot.Value.Shape, left.Shape, right.Shape))
        {
            return false;
        }
        DeferredGradient? held = slot.Gradient.Deferred;
        if (held is null)
        {
            held = new DeferredGradient { Left = Room(left), Right = Room(right), IsOpen = true, Precision = Precision.Current };
            slot.Gradient = new Gradient(slot.Gradient.Values, held);
        }
        else if (!held.IsOpen || held.Left.Rank != left.Rank || held.Right.Rank != right.Rank)
        {
            return false;
        }
        int rows = left.Shape[-2];
        if (held.Depth + rows > StackDepth)
        {
            Tensor product = Ops.Matmul(held.Rows(held.Left), held.Rows(held.Right), transposeA: true);
            held.Depth = 0;
            Accumulate(index, product);
        }
        Ops.CopyInto(left, held.Left, left.Rank - 2, held.Depth);
        Ops.CopyInto(right, held.Right, right.Rank - 2, held.Depth);
        held.Depth += rows;
        return true;
    }

    // A leaf's gradient that is one large product stays that, and so does a part's.
    private bool TryKeep(ref Slot slot, Tensor left, Tensor right)
    {
        if (!_keepsFactors || !Ops.UsesUpProduct(left, right, left.Shape[0]) || IsValue(left))
        {
            return false;
        }
        bool isPart = GoesToLeaf(slot);
        if (!isPart && !(IsParameter(slot) && slot.Gradient.IsNone))
        {
            return false;
        }
        // The input may change or end before the step; its copy is small beside the gradient.
        Gradient product = new(default, new DeferredGradient
        {
            Left = Held(left),
            Right = Held(Ops.Copy(right)),
            Depth = left.Shape[0],
            Precision = Precision.Current,
        });
        if (isPart)
        {
            AddPart(slot.Leaf, slot.Offset, slot.Value.Count, product);
        }
        else
        {
            slot.Gradient = product;
        }
        return true;
    }

    private void AddPart(int leaf, long offset, long count, Gradient gradient)
    {
        ref Slot slot = ref SlotAt(leaf);
        if (slot.Gradient.Deferred is null)
        {
            slot.Gradient = new Gradient(slot.Gradient.Values, new DeferredGradient());
        }
        List<GradientPart> parts = slot.Gradient.Deferred!.Parts ??= [];
        for (int i = 0; i < parts.Count; i++)
        {
            if (!parts[i].Overlaps(offset, count))
            {
                continue;
            }
            Tensor held = parts[i].Gradient.Values;
            if (parts[i].Offset == offset && !held.IsNone && !gradient.Values.IsNone && held.Shape == gradient.Values.Shape)
            {
                bool owns = false;
                parts[i] = parts[i] with { Gradient = new Gradient(Sum(held, ref owns, gradient.Values)) };
                return;
            }
            // Uses that share some elements only: their sum has values.
            Form(leaf);
            Hold(gradient.Values);
            Put(SlotAt(leaf).Gradient.Values, new GradientPart(offset, count, gradient), add: true);
            return;
        }
        Hold(gradient.Values);
        parts.Add(new GradientPart(offset, count, gradient));
    }

    /// <summary>Forms the values of a leaf's gradient, where it stands as factors or parts.</summary>
    private void Form(int index)
    {
        if (index < 0)
        {
            return;
        }
        ref Slot slot = ref SlotAt(index);
        Gradient held = slot.Gradient;
        if (held.Deferred is not { } deferred)
        {
            return;
        }
        Tensor values = slot.OwnsValues ? held.Values : NewValues(slot.Value);
        bool isWritten = slot.OwnsValues;
        if (!isWritten && !held.Values.IsNone)
        {
            Put(values, new GradientPart(0, values.Count, new Gradient(held.Values)), add: false);
            isWritten = true;
        }
        if (deferred.HasFactors)
        {
            Put(values, new GradientPart(0, values.Count, new Gradient(default, deferred.FactorsAlone())), isWritten);
            isWritten = true;
        }
        if (!isWritten && !held.IsCoveredByParts(values.Count))
        {
            values.Device.Backend.Fill(values.Ref, values.Count, 0);
        }
        foreach (GradientPart part in deferred.Parts ?? [])
        {
            Put(values, part, isWritten);
        }
        slot.Gradient = new Gradient(values);
        slot.OwnsValues = true;
    }

    // Whoever asks for values may do so from a scope of his own, but the gradient is the tape's.
    private Tensor NewValues(Tensor of)
    {
        Tensor values = Tensor.NewUnowned(of.Device, of.Shape, ElementType.Float32);
        Own(values);
        return Held(values);
    }

    // Writes a part to its place among values that nobody else has, or adds it there, and lets it go.
    private static void Put(Tensor values, in GradientPart part, bool add)
    {
        Tensor addend = part.Gradient.Values;
        if (part.Gradient.Deferred is { } product)
        {
            if (!add && product.Left.Rank == 2)
            {
                using Tensor matrix = values.View([product.Left.Shape[1], product.Right.Shape[1]], part.Offset, product.Right.Shape[1]);
                Ops.MultiplyInto(product.Left, product.Right, product.Depth, matrix, product.Precision);
                LetGo(part.Gradient);
                return;
            }
            addend = Ops.Matmul(product.Rows(product.Left), product.Rows(product.Right), transposeA: true);
        }
        using Tensor source = Ops.Dense(addend).View([Size.Of(part.Count)], 0, 1);
        using Tensor range = values.View(source.Shape, part.Offset, 1);
        if (add)
        {
            Ops.AddInto(range, source);
        }
        else
        {
            Ops.CopyInto(source, range, 0, 0);
        }
        LetGo(part.Gradient);
    }

    // Gradients that the backward pass collected as factors: deep enough for the optimiser, or formed.
    private void FinishStacks()
    {
        for (int i = 0; i < _slots.Count; i++)
        {
            FinishStack(i);
        }
    }

    private void FinishStack(int index)
    {
        Gradient gradient = SlotAt(index).Gradient;
        if (gradient.Deferred is not { IsOpen: true } held)
        {
            return;
        }
        held.IsOpen = false;
        if (_keepsFactors && gradient.IsProduct && IsParameter(SlotAt(index)) && Ops.UsesUpProduct(held.Left, held.Right, held.Depth))
        {
            return;
        }
        int mark = Mark();
        SlotAt(index).Gradient = new Gradient(gradient.Values, held.Parts is null ? null : new DeferredGradient { Parts = held.Parts });
        if (held.Depth > 0)
        {
            Accumulate(index, Ops.Matmul(held.Rows(held.Left), held.Rows(held.Right), transposeA: true));
        }
        ReleaseSince(mark);
        LetGo(held.Left);
        LetGo(held.Right);
    }

    private void LetGoOfAll(ref Slot slot)
    {
        LetGo(slot.Gradient);
        slot.Gradient = default;
        slot.OwnsValues = false;
    }

    /// <summary>The sum of what a slot holds and what comes; written in place where nobody else sees it.</summary>
    private Tensor Sum(Tensor held, ref bool owns, Tensor gradient)
    {
        if (held.IsNone)
        {
            owns = false;
            return Held(gradient);
        }
        if (!IsRecording && (owns || IsExclusive(held)))
        {
            Ops.AddInto(held, gradient);
            owns = true;
            return held;
        }
        owns = true;
        Tensor sum = Held(Ops.Add(held, gradient));
        LetGo(held);
        return sum;
    }

    private bool GoesToLeaf(in Slot slot) => _keepsFactors && !IsRecording && slot.Leaf >= 0;

    private bool IsParameter(in Slot slot) => slot.Value.Node.RequiresGradient && !Made(slot.Value.Node);

    // Each factor serves all matrices of the gradient or has one for each, and together they are smaller than it.
    private static bool IsStackable(in Shape gradient, in Shape left, in Shape right)
    {
        int groups = gradient.Rank == 3 ? gradient[0] : 1;
        return gradient.Rank is 2 or 3
            && Fits(left, gradient[-2])
            && Fits(right, gradient[-1])
            && Math.Max(left.Rank, right.Rank) == gradient.Rank
            && left[-2] == right[-2]
            && left[-2] * LeastUses <= StackDepth
            && left.Count + right.Count <= gradient.Count;

        bool Fits(in Shape factor, int columns) =>
            (factor.Rank == 2 || (factor.Rank == 3 && factor[0] == groups)) && factor[-1] == columns;
    }

    // Whether a gradient stands on the memory of a tensor that was computed forward, or of a parameter.
    private bool IsValue(Tensor gradient)
    {
        foreach (ref Slot slot in CollectionsMarshal.AsSpan(_slots))
        {
            if (slot.Value.IsAlive && ReferenceEquals(slot.Value.Node.Buffer, gradient.Node.Buffer))
            {
                return true;
            }
        }
        return false;
    }

    // Made by a rule that has ended, and held by one slot alone: what is added to it nobody else sees.
    private static bool IsExclusive(Tensor gradient)
    {
        TensorNode node = gradient.Node;
        return node.IsTemporary && node.GradientUses == 1 && node.Buffer!.IsExclusive && gradient.IsDense;
    }

    private static Tensor Room(Tensor factor) => Held(Tensor.New(factor.Device, factor.Shape.With(-2, StackDepth), ElementType.Float32));

    private static Tensor Held(Tensor tensor)
    {
        Hold(tensor);
        return tensor;
    }

    private static void Hold(Tensor tensor)
    {
        if (!tensor.IsNone)
        {
            tensor.Node.GradientUses++;
        }
    }

    private static void LetGo(in Gradient gradient)
    {
        LetGo(gradient.Values);
        if (gradient.Deferred is { } deferred)
        {
            LetGo(deferred.Left);
            LetGo(deferred.Right);
            foreach (GradientPart part in deferred.Parts ?? [])
            {
                LetGo(part.Gradient);
            }
        }
    }

    private static void LetGo(Tensor gradient)
    {
        if (!gradient.IsNone && gradient.IsAlive && --gradient.Node.GradientUses == 0 && gradient.Node.IsTemporary)
        {
            gradient.Dispose();
        }
    }
}
