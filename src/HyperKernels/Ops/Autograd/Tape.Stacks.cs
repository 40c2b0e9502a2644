namespace HyperKernels;

// A weight that serves every step of a sequence gets a product of little depth from each of them. Forming these one by one writes and
// reads the whole gradient once per step; their factors are smaller. So those are laid one under the other, and multiplied when they are
// deep enough.
public sealed partial class Tape
{
    // Depth of a stack: a product so deep writes its result at the speed at which it is computed.
    private const int StackDepth = 256;

    // Fewer uses than these would fill too little of a stack.
    private const int LeastUses = 4;

    private readonly List<Stack> _stacks = [];

    /// <summary>
    /// Notes <c>left^T right</c> for the gradient of a leaf that many records share; all of them are added before the backward pass ends.
    /// </summary>
    /// <param name="index">The leaf's slot, <c>[M, N]</c> or <c>[G, M, N]</c>.</param>
    /// <param name="left"><c>[R, M]</c> or <c>[G, R, M]</c>.</param>
    /// <param name="right"><c>[R, N]</c> or <c>[G, R, N]</c>.</param>
    /// <returns>False where forming the product at once is as good, or the shapes are others.</returns>
    internal bool TryStack(int index, Tensor left, Tensor right)
    {
        ref Slot slot = ref SlotAt(index);
        if (IsRecording || slot.Uses < LeastUses || Made(slot.Value.Node) || !Stacks(slot.Value.Shape, left.Shape, right.Shape))
        {
            return false;
        }
        int rows = left.Shape[-2];
        int place = FindStack(index);
        if (place >= 0 && !_stacks[place].Takes(left, right))
        {
            return false;
        }
        if (place >= 0 && _stacks[place].Rows + rows > StackDepth)
        {
            AddProduct(_stacks[place]);
            _stacks[place] = _stacks[place] with { Rows = 0 };
        }
        if (place < 0)
        {
            place = _stacks.Count;
            _stacks.Add(new Stack(index, Hold(left), Hold(right), 0));
        }
        Stack stack = _stacks[place];
        Ops.CopyInto(left, stack.Left, left.Rank - 2, stack.Rows);
        Ops.CopyInto(right, stack.Right, right.Rank - 2, stack.Rows);
        _stacks[place] = stack with { Rows = stack.Rows + rows };
        return true;
    }

    // Each factor serves all matrices of the gradient or has one for each, and together they are smaller than it.
    private static bool Stacks(in Shape gradient, in Shape left, in Shape right)
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

    private static Tensor Hold(Tensor factor)
    {
        Tensor held = Tensor.New(factor.Device, factor.Shape.With(-2, StackDepth), ElementType.Float32);
        held.Node.GradientUses++;
        return held;
    }

    private void AddProduct(Stack stack) =>
        Accumulate(stack.Slot, Ops.Matmul(
            Ops.Slice(stack.Left, -2, 0, stack.Rows), Ops.Slice(stack.Right, -2, 0, stack.Rows), transposeA: true));

    private void EmptyStacks()
    {
        foreach (Stack stack in _stacks)
        {
            int mark = Mark();
            AddProduct(stack);
            ReleaseSince(mark);
            LetGo(stack.Left);
            LetGo(stack.Right);
        }
        _stacks.Clear();
    }

    private int FindStack(int slot)
    {
        for (int i = 0; i < _stacks.Count; i++)
        {
            if (_stacks[i].Slot == slot)
            {
                return i;
            }
        }
        return -1;
    }

    private readonly record struct Stack(int Slot, Tensor Left, Tensor Right, int Rows)
    {
        public bool Takes(Tensor left, Tensor right) => left.Rank == Left.Rank && right.Rank == Right.Rank;
    }
}
