namespace HyperKernels;

// What a weight is, written out: the sums of its definition in ops.
public readonly partial struct Weight
{
    /// <summary>The weight as a tensor: one set shaped as <see cref="Shape"/>, or C of them along a further leading axis.</summary>
    /// <returns>A dense weight's own tensor; else a new one.</returns>
    /// <remarks>Differentiable in every part, any number of times.</remarks>
    public Tensor Materialize() => Use is { } use ? use.Dense() : Kind switch
    {
        WeightKind.Dense => First,
        WeightKind.Generated => PickRows(Ops.Linear(First, Matrix(Second), FlatBase())),
        WeightKind.Mixture => PickRows(AddBase(Ops.Matmul(First, Ops.Reshape(Second, Second.Shape[0], -1)))),
        WeightKind.LowRank => Shaped(LowRankSum()),
        WeightKind.Kronecker => Shaped(KroneckerSum()),
        WeightKind.Modulated => Shaped(Modulation()),
        _ => Shaped(ScaledSum()),
    };

    /// <summary>The same weight with the set of each of B samples: <c>W_index[b]</c>.</summary>
    /// <param name="index">Integers from 0 to below C, <c>[B]</c>.</param>
    /// <returns>A weight of B sets: parts are looked up, not what they generate. One that serves all samples stays as it is; a dense one must have an axis of sets.</returns>
    /// <exception cref="ArgumentException">The index is empty, no vector of integers, or out of range.</exception>
    public Weight ByRow(Tensor index)
    {
        if (index.Rank != 1 || index.Count == 0)
        {
            Throw.Argument($"Weight.ByRow: the index must be integers [B], one per sample; it is {index.Description}.");
        }
        int sets = (int)index.Count;
        if (Kind == WeightKind.Dense)
        {
            return Ops.GatherRows(First, index);
        }
        return Sets == 0 ? this : Kind switch
        {
            WeightKind.Generated or WeightKind.Mixture => this with { Sets = sets, Rows = Rows.IsNone ? index : Ops.GatherRows(Rows, index), Use = null },
            WeightKind.LowRank => Of(sets, Pick(First, Shape.Rank + 1, index), Pick(Second, 3, index)),
            WeightKind.Kronecker => Of(sets, Pick(First, 4, index), Second),
            _ => Of(sets, First, Pick(Second, Shape.Rank + 1, index)),
        };
    }

    /// <summary>z or r with one row for each set.</summary>
    internal Tensor RowsOfSets() => Rows.IsNone ? First : Ops.GatherRows(First, Rows);

    /// <summary>The base weight shaped as the weight, or an empty handle.</summary>
    internal Tensor ShapedBase() => Base.IsNone ? Base : Ops.Reshape(Base, Shape);

    /// <summary>The same weight of sequences as one of images of one row.</summary>
    internal Weight OfOneRow()
    {
        Tensor second = Kind == WeightKind.LowRank ? Second : OfOneRow(Second);
        Weight wide = new(Kind, Shape.Insert(Shape.Rank - 1, 1), Sets, OfOneRow(First), second, Base.IsNone ? Base : OfOneRow(ShapedBase()));
        return wide with { Scale = Scale, IsDemodulated = IsDemodulated, Plan = Plan };
    }

    /// <summary>Kernels of sequences as those of images of one row.</summary>
    internal static Tensor OfOneRow(Tensor tensor) => Ops.Reshape(tensor, tensor.Shape.Insert(tensor.Rank - 1, 1));

    // A part that has a leading axis of sets, by its number of axes; others serve all.
    private static Tensor Pick(Tensor part, int rankInSets, Tensor index) =>
        part.Rank == rankInSets && part.Shape[0] > 1 ? Ops.GatherRows(part, index) : part;

    private Weight Of(int sets, Tensor first, Tensor second) => this with { Sets = sets, First = first, Second = second, Use = null };

    private static Tensor Matrix(Tensor generator) => generator.Rank == 2 ? generator : Ops.Reshape(generator, -1, generator.Shape[-1]);

    private Tensor? FlatBase() => Base.IsNone ? null : Ops.Reshape(Base, Size.Of(Base.Count));

    private Tensor AddBase(Tensor flat) => FlatBase() is { } given ? Ops.Add(flat, given) : flat;

    // From one flat row per row of z or r to the sets.
    private Tensor PickRows(Tensor flat) => Shaped(Rows.IsNone ? flat : Ops.GatherRows(flat, Rows));

    private Tensor Shaped(Tensor sets) => Ops.Reshape(sets, Sets == 0 ? Shape : Shape.Insert(0, Sets));

    private Tensor LowRankSum()
    {
        // Kernels are rows of I KH KW numbers.
        bool isPerSet = First.Rank == Shape.Rank + 1;
        Tensor a = Shape.Rank == 2 ? First : isPerSet ? Ops.Reshape(First, First.Shape[0], First.Shape[1], -1) : Ops.Reshape(First, First.Shape[0], -1);
        Tensor change = Ops.MultiplyScalar(Ops.Matmul(Second, a), Scale);
        return Base.IsNone ? change : Ops.Add(change, Ops.Reshape(Base, Shape[0], -1));
    }

    private Tensor KroneckerSum()
    {
        int n = Second.Shape[0];
        int p = First.Shape[-2];
        int q = First.Shape[-1];
        int u = Second.Shape[1];
        int v = Second.Shape[2];
        int kernel = Size.Of(Second.Count / ((long)n * u * v));
        int sets = Math.Max(1, Sets);
        // [C, n, p q]^T [n, u v k] has the axes C, p, q, u, v, k: of the sum they are C, p, u, q, v, k.
        Tensor left = Ops.Reshape(First, First.Rank == 4 ? First.Shape[0] : 1, n, p * q);
        Tensor sum = Ops.Matmul(left, Ops.Reshape(Second, n, u * v * kernel), transposeA: true);
        sum = Ops.Permute(Ops.Reshape(sum, sum.Shape[0], p, q, u, v * kernel), 0, 1, 3, 2, 4);
        return sum.Shape[0] == sets ? sum : Ops.BroadcastTo(sum, sum.Shape.With(0, sets));
    }

    private Tensor ScaledSum()
    {
        Tensor scaled = Ops.Multiply(First, Second);
        return Base.IsNone ? scaled : Ops.Add(scaled, ShapedBase());
    }

    private Tensor Modulation()
    {
        Tensor scaled = Ops.Multiply(First, Ops.AddScalar(Second, 1));
        if (!IsDemodulated)
        {
            return scaled;
        }
        Tensor rows = Ops.Reshape(scaled, Math.Max(1, Sets), Shape[0], -1);
        Tensor norm = Ops.Rsqrt(Ops.AddScalar(Ops.Sum(Ops.Square(rows), [2], keepAxes: true), Scale));
        return Ops.Multiply(rows, norm);
    }
}
