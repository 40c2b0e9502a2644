using System.Numerics;

namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Reduce(ReduceOp op, int outer, int axis, int inner, BufferRef x, BufferRef? center, float scale, BufferRef y)
    {
        if (outer == 0 || inner == 0)
        {
            return;
        }
        ReduceSizes sizes = new(outer, axis, inner);
        if (sizes.Pieces == 1)
        {
            Reduce(op, sizes, x, center, scale, y);
            return;
        }
        ReduceOp next = op is ReduceOp.Max or ReduceOp.Min ? op : ReduceOp.Sum;
        lock (_scratchGate)
        {
            BufferRef partial = Scratch(sizes.PartialResults);
            Reduce(op, sizes, x, center, 1, partial);
            while (true)
            {
                long written = sizes.Results;
                sizes = new ReduceSizes(outer, sizes.Pieces, inner);
                if (sizes.Pieces == 1)
                {
                    Reduce(next, sizes, partial, null, scale, y);
                    return;
                }
                Reduce(next, sizes, partial, null, 1, partial.Skip(written));
                partial = partial.Skip(written);
            }
        }
    }

    public void ArgReduce(bool largest, int outer, int axis, int inner, BufferRef x, BufferRef y)
    {
        if (outer == 0 || inner == 0)
        {
            return;
        }
        ReduceSizes sizes = new(outer, axis, inner);
        lock (_scratchGate)
        {
            BufferRef candidates = default;
            while (sizes.Pieces > 1)
            {
                BufferRef best = candidates.Buffer is null ? Scratch(sizes.PartialResults) : candidates.Skip((long)outer * sizes.Axis * inner);
                ArgReduce(largest, sizes, axis, x, candidates, best);
                candidates = best;
                sizes = new ReduceSizes(outer, sizes.Pieces, inner);
            }
            ArgReduce(largest, sizes, axis, x, candidates, y);
        }
    }

    private void Reduce(ReduceOp op, ReduceSizes sizes, BufferRef x, BufferRef? center, float scale, BufferRef y) =>
        ForGroups(
            op switch
            {
                ReduceOp.Sum => "reduce/reduce_sum",
                ReduceOp.SumAbs => "reduce/reduce_sum_abs",
                ReduceOp.SumSquares => "reduce/reduce_sum_squares",
                ReduceOp.SumSquaredDeviations => "reduce/reduce_sum_squared_deviations",
                ReduceOp.SumExp => "reduce/reduce_sum_exp",
                ReduceOp.Max => "reduce/reduce_max",
                ReduceOp.Min => "reduce/reduce_min",
                _ => throw new ArgumentOutOfRangeException(nameof(op), op, null),
            },
            sizes.Groups,
            [KernelArgument.Of(&sizes), x, center, scale, y]);

    private void ArgReduce(bool largest, ReduceSizes sizes, int length, BufferRef x, BufferRef candidates, BufferRef y) =>
        ForGroups("reduce/arg_reduce", sizes.Groups, [largest, KernelArgument.Of(&sizes), length, x, candidates, y]);

    /// <summary>How a group's threads are laid over one step of a reduction; REDUCE_SIZES of <c>reduce.c</c>.</summary>
    private readonly struct ReduceSizes
    {
        private const int GroupBits = 8;

        // A line of memory is read whole.
        private const int MostColumnBits = 5;

        // So few additions in a row that rounding errors do not add up, and enough to pay for the tree that joins the threads.
        private const int FewestSteps = 4;
        private const int MostSteps = 32;

        public readonly int Outer;
        public readonly int Axis;
        public readonly int Inner;
        public readonly int Piece;
        public readonly int Pieces;
        public readonly int ColumnBits;
        public readonly int RowBits;

        public ReduceSizes(int outer, int axis, int inner)
        {
            Outer = outer;
            Axis = axis;
            Inner = inner;
            ColumnBits = Math.Min(MostColumnBits, CeilingBits(inner));
            RowBits = LaneBits(axis, GroupBits - ColumnBits);
            Piece = Math.Max(1, Math.Min(axis, MostSteps << RowBits));
            Pieces = Math.Max(1, (int)GpuBackend.Pieces(axis, Piece));
        }

        public long Results => (long)Outer * Pieces * Inner;

        /// <summary>Results of this step and all that follow while there are several pieces.</summary>
        public long PartialResults
        {
            get
            {
                long results = 0;
                for (ReduceSizes step = this; step.Pieces > 1; step = new ReduceSizes(Outer, step.Pieces, Inner))
                {
                    results += step.Results;
                }
                return results;
            }
        }

        public long Groups => GpuBackend.Pieces(Inner, 1 << ColumnBits) * Pieces * GpuBackend.Pieces(Outer, 1 << (GroupBits - ColumnBits - RowBits));

        /// <summary>How many threads, as a power of two, share the elements of one result.</summary>
        public static int LaneBits(int elements, int most) => Math.Min(most, CeilingBits(((elements - 1) / FewestSteps) + 1));

        private static int CeilingBits(int count) => count <= 1 ? 0 : BitOperations.Log2((uint)count - 1) + 1;
    }
}
