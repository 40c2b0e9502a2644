using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
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
            BufferRef? candidates = null;
            while (sizes.Pieces > 1)
            {
                BufferRef best = candidates is { } before ? before.Skip((long)outer * sizes.Axis * inner) : Scratch(sizes.PartialResults);
                ArgReduce(largest, sizes, axis, x, candidates, best);
                candidates = best;
                sizes = new ReduceSizes(outer, sizes.Pieces, inner);
            }
            ArgReduce(largest, sizes, axis, x, candidates, y);
        }
    }

    private void Reduce(ReduceOp op, in ReduceSizes sizes, BufferRef x, BufferRef? center, float scale, BufferRef y) =>
        ForGroups(
            op switch
            {
                ReduceOp.Sum => ReduceKernels.Reduce<Sum>,
                ReduceOp.SumAbs => ReduceKernels.Reduce<SumAbs>,
                ReduceOp.SumSquares => ReduceKernels.Reduce<SumSquares>,
                ReduceOp.SumSquaredDeviations => ReduceKernels.Reduce<SumSquaredDeviations>,
                ReduceOp.SumExp => ReduceKernels.Reduce<SumExp>,
                ReduceOp.Max => ReduceKernels.Reduce<Largest>,
                ReduceOp.Min => ReduceKernels.Reduce<Smallest>,
                _ => throw Throw.Undefined(nameof(Reduce), op),
            },
            sizes.Groups,
            new ReduceArguments { Sizes = sizes, Scale = scale, X = Floats(x), Center = Floats(center), Y = Floats(y) });

    private void ArgReduce(bool largest, in ReduceSizes sizes, int length, BufferRef x, BufferRef? candidates, BufferRef y) =>
        ForGroups(
            ReduceKernels.ArgReduce,
            sizes.Groups,
            new ArgReduceArguments
            {
                Sizes = sizes,
                Largest = largest ? 1 : 0,
                WholeAxis = length,
                X = Floats(x),
                Candidates = Ints(candidates),
                Y = Ints(y),
            });
}
