namespace HyperKernels.Cases;

/// <summary>Ops that move elements without changing them.</summary>
public static class ShapeCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
    [
        Row("reshape", "X=[6, 4] to [3, 8]", [6, 4], x => Ops.Reshape(x, 3, -1), x => new Plain([3, 8], x.Values)),
        Row("reshape", "columns of X=[6, 9] to [6, 2, 3]", [6, 9], x => Ops.Reshape(Ops.Slice(x, 1, 2, 6), 6, 2, 3), x => Indexing.Map([6, 2, 3], i => x[i / 6, 2 + (i % 6)])),
        Row("reshape", "columns of X=[6, 9] to [36]", [6, 9], x => Ops.Reshape(Ops.Slice(x, 1, 2, 6), -1), x => Indexing.Map([36], i => x[i / 6, 2 + (i % 6)])),
        Row("reshape", "X=[1, 1] to []", [1, 1], x => Ops.Reshape(x, Shape.Create([])), x => new Plain([], x.Values)),
        Row("flatten", "X=[2, 3, 4]", [2, 3, 4], x => Ops.Flatten(x), x => new Plain([2, 12], x.Values)),
        // Oracles have no tape to cut off: that no gradient comes through is a test of the tape.
        new OpCase
        {
            Op = "detach",
            Sizes = "columns of X=[4, 5]",
            Inputs = [CaseInput.Normal("x", [4, 5], differentiable: false)],
            Run = x => Ops.Detach(Ops.Slice(x[0], 1, 1, 3)),
            Oracle = x => Indexing.Map([4, 3], i => x[0][i / 3, 1 + (i % 3)]),
        },
        .. Permutations(),
        .. Slices(),
        .. Splits(),
        .. Joins(),
        .. Broadcasts(),
        Row("pad", "X=[3, 4] by (1, 2), (0, 3)", [3, 4], x => Ops.Pad(x, [(1, 2), (0, 3)], 2.5f), x =>
            Indexing.Map([6, 7], i => i / 7 is >= 1 and < 4 && i % 7 < 4 ? x[(i / 7) - 1, i % 7] : 2.5)),
        Row("pad", "X=[2, 3, 4] by (0, 1), (2, 0), (1, 1)", [2, 3, 4], x => Ops.Pad(x, [(0, 1), (2, 0), (1, 1)]), x => Padded(x)),
        Row("tile", "X=[2, 3] by 3, 2", [2, 3], x => Ops.Tile(x, 3, 2), x => Indexing.Map([6, 6], i => x[i / 6 % 2, i % 6 % 3])),
        Row("repeat_rows", "X=[5, 3] by 4", [5, 3], x => Ops.RepeatRows(x, 4), x => Indexing.Map([20, 3], i => x[i / 12, i % 3])),
    ];

    private static OpCase Row(string op, string sizes, Shape shape, Func<Tensor, Tensor> run, Func<Plain, Plain> oracle) => new()
    {
        Op = op,
        Sizes = sizes,
        Inputs = [CaseInput.Normal("x", shape)],
        Run = t => run(t[0]),
        Oracle = p => oracle(p[0]),
        Bytes = 8.0 * shape.Count,
        TwiceDifferentiable = shape.Count is > 0 and < 150,
        Benchmark = shape.Count > 10_000,
    };

    private static Plain Padded(Plain x) => Indexing.Map([3, 5, 6], i =>
    {
        int[] at = Indexing.Position([3, 5, 6], i);
        return at[0] < 2 && at[1] >= 2 && at[2] is >= 1 and < 5 ? x[at[0], at[1] - 2, at[2] - 1] : 0;
    });

    private static IEnumerable<OpCase> Permutations()
    {
        (Shape X, int[] Order)[] sizes =
        [
            ([5, 7], [1, 0]), ([5, 7], [0, 1]), ([1, 7], [1, 0]), ([0, 3], [1, 0]), ([2, 3, 4], [2, 0, 1]), ([2, 3, 4], [1, 0, 2]), ([2, 3, 4, 5], [0, 2, 1, 3]),
            ([2, 3, 4, 5], [0, 3, 1, 2]), ([2, 3, 4, 5], [3, 2, 1, 0]), ([61, 67], [1, 0]), ([67, 257], [1, 0]), ([3, 65, 33], [0, 2, 1]), ([17, 9, 40], [2, 1, 0]),
        ];
        foreach ((Shape x, int[] order) in sizes)
        {
            Shape y = new([.. order.Select(axis => x[axis])]);
            yield return Row("permute", $"X={x} order=[{string.Join(", ", order)}]", x, t => Ops.Permute(t, order), p => Indexing.Map(y, i =>
            {
                int[] to = Indexing.Position(y, i);
                int[] from = new int[order.Length];
                for (int axis = 0; axis < order.Length; axis++)
                {
                    from[order[axis]] = to[axis];
                }
                return p.Values[Indexing.Flat(x, from)];
            }));
        }
        yield return Row("transpose", "X=[5, 7]", [5, 7], t => Ops.Transpose(t), p => Indexing.Map([7, 5], i => p[i % 5, i / 5]));
        yield return Row("transpose", "columns of X=[19, 30]", [19, 30], t => Ops.Transpose(Ops.Slice(t, 1, 5, 21)), p => Indexing.Map([21, 19], i => p[i % 19, 5 + (i / 19)]));
    }

    private static IEnumerable<OpCase> Slices()
    {
        (Shape X, int Axis, int Start, int Length, int Step)[] sizes =
        [
            ([7], 0, 2, 3, 1), ([7], 0, 0, 0, 1), ([7], 0, 1, 3, 2), ([5, 7], 0, 1, 3, 1), ([5, 7], 1, 2, 4, 1), ([5, 7], 1, 0, 4, 2), ([5, 7], 0, 0, 3, 2),
            ([3, 4, 5], 2, 1, 3, 1),
            ([3, 4, 5], 1, 1, 2, 1), ([3, 4, 5], 1, 0, 2, 3), ([3, 1, 5], 2, 1, 3, 1), ([3, 1, 4, 5], 3, 3, 1, 1), ([35, 257], 1, 13, 200, 1),
        ];
        foreach ((Shape x, int axis, int start, int length, int step) in sizes)
        {
            Shape y = x.With(axis, length);
            yield return Row("slice", $"X={x} axis={axis} from {start} take {length} step {step}", x, t => Ops.Slice(t, axis, start, length, step), p => Indexing.Map(y, i =>
            {
                int[] at = Indexing.Position(y, i);
                at[axis] = start + (at[axis] * step);
                return p.Values[Indexing.Flat(x, at)];
            }));
        }
        yield return Row("slice", "rows 2..4 of columns 1..3 of X=[5, 7]", [5, 7], t => Ops.Slice(Ops.Slice(t, 1, 1, 3), 0, 2, 3), p =>
            Indexing.Map([3, 3], i => p[2 + (i / 3), 1 + (i % 3)]));
    }

    // The pieces are put together in another order, one is used twice, and one not at all.
    private static IEnumerable<OpCase> Splits()
    {
        foreach (int axis in (int[])[0, 1, 2])
        {
            Shape x = new Shape(3, 3, 3).With(axis, 9);
            Shape y = x.With(axis, 7);
            yield return Row("split", $"X={x} axis={axis} into 2, 4, 0, 3", x, t =>
            {
                Tensor[] pieces = Ops.Split(t, axis, 2, 4, 0, 3);
                return Ops.Concatenate(axis, pieces[3], pieces[0] * pieces[0], Ops.Neg(pieces[0]));
            }, p => Indexing.Map(y, i =>
            {
                int[] at = Indexing.Position(y, i);
                int place = at[axis];
                at[axis] = place < 3 ? place + 6 : (place - 3) % 2;
                double value = p.Values[Indexing.Flat(x, at)];
                return place < 3 ? value : place < 5 ? value * value : -value;
            }));
        }
    }

    private static IEnumerable<OpCase> Joins()
    {
        (Shape A, Shape B, int Axis)[] sizes = [([3], [4], 0), ([0], [4], 0), ([2, 3], [4, 3], 0), ([2, 3], [2, 5], 1), ([2, 3, 4], [2, 1, 4], 1), ([2, 3, 4], [2, 3, 2], -1),
            ([33, 100], [33, 101], 1)];
        foreach ((Shape a, Shape b, int axis) in sizes)
        {
            int along = axis < 0 ? axis + a.Rank : axis;
            Shape y = a.With(along, a[along] + b[along]);
            yield return Pair("concatenate", $"A={a} B={b} axis={axis}", a, b, t => Ops.Concatenate(axis, t[0], t[1]), p => Indexing.Map(y, i =>
            {
                int[] at = Indexing.Position(y, i);
                bool first = at[along] < a[along];
                at[along] -= first ? 0 : a[along];
                return first ? p[0].Values[Indexing.Flat(a, at)] : p[1].Values[Indexing.Flat(b, at)];
            }));
        }
        yield return Pair("concatenate", "columns of A=[5, 9] and B=[5, 2]", [5, 9], [5, 2], t => Ops.Concatenate(1, Ops.Slice(t[0], 1, 3, 4), t[1]), p =>
            Indexing.Map([5, 6], i => i % 6 < 4 ? p[0][i / 6, 3 + (i % 6)] : p[1][i / 6, (i % 6) - 4]));
        yield return Pair("concatenate", "columns of A=[5, 9] over B=[2, 4]", [5, 9], [2, 4], t => Ops.Concatenate(0, Ops.Slice(t[0], 1, 3, 4), t[1]), p =>
            Indexing.Map([7, 4], i => i / 4 < 5 ? p[0][i / 4, 3 + (i % 4)] : p[1][(i / 4) - 5, i % 4]));
        foreach (int axis in (int[])[0, 1, 2, -1])
        {
            int at = axis < 0 ? 2 : axis;
            Shape y = new Shape(3, 4).Insert(at, 2);
            yield return Pair("stack", $"A=[3, 4] B=[3, 4] axis={axis}", [3, 4], [3, 4], t => Ops.Stack(axis, t[0], t[1]), p => Indexing.Map(y, i =>
            {
                int[] to = Indexing.Position(y, i);
                int[] from = [.. to.Where((_, k) => k != at)];
                return p[to[at]][from[0], from[1]];
            }));
        }
    }

    private static IEnumerable<OpCase> Broadcasts()
    {
        (Shape X, Shape Y)[] sizes = [([], [3]), ([1], [0]), ([3], [2, 3]), ([3, 1], [3, 4]), ([2, 1, 3, 1], [2, 5, 3, 4]), ([1, 129], [65, 129])];
        foreach ((Shape x, Shape y) in sizes)
        {
            Lazy<int[]> from = Indexing.Sources(x, y);
            yield return Row("broadcast_to", $"X={x} to {y}", x, t => Ops.BroadcastTo(t, y), p => Indexing.Map(y, i => p.Values[from.Value[i]]));
        }
    }

    private static OpCase Pair(string op, string sizes, Shape a, Shape b, Func<Tensor[], Tensor> run, Func<Plain[], Plain> oracle) => new()
    {
        Op = op,
        Sizes = sizes,
        Inputs = [CaseInput.Normal("a", a), CaseInput.Normal("b", b)],
        Run = run,
        Oracle = oracle,
        Bytes = 8.0 * (a.Count + b.Count),
        TwiceDifferentiable = a.Count is > 0 and < 150,
        Benchmark = a.Count > 5_000,
    };
}
