using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    // Up to so many products are added up one behind the other; more of them are better computed side by side.
    private const int MostSummed = 16;

    /// <summary>Multiplies matrices, and adds to what comes out: <c>y = op(a) op(b) + addend</c>, op being the transpose where asked for.</summary>
    /// <param name="a"><c>[..., M, K]</c>, or <c>[..., K, M]</c> with <paramref name="transposeA"/>.</param>
    /// <param name="b"><c>[..., K, N]</c>, or <c>[..., N, K]</c> with <paramref name="transposeB"/>.</param>
    /// <param name="transposeA">Whether a's last two axes are swapped; no copy is made.</param>
    /// <param name="transposeB">Whether b's last two axes are swapped; no copy is made.</param>
    /// <param name="addend">
    /// A tensor that broadcasts to the result; null adds nothing. Whole matrices, and a row for each matrix, are added while the product is in the cache.
    /// </param>
    /// <returns><c>[..., M, N]</c>: the axes before the last two broadcast, a matrix without them is shared by all. K = 0 gives the addend, or zeros.</returns>
    /// <exception cref="ArgumentException">Fewer than two axes, sizes that do not meet, integers, or different devices.</exception>
    /// <remarks>Differentiable in all, any number of times. The same bits for any number of threads.</remarks>
    public static Tensor Matmul(Tensor a, Tensor b, bool transposeA = false, bool transposeB = false, Tensor? addend = null)
    {
        CheckFloats("Matmul", a, b);
        Shape shapeA = a.Shape;
        Shape shapeB = b.Shape;
        if (shapeA.Rank < 2 || shapeB.Rank < 2)
        {
            Throw.Argument($"Matmul: both sides must be matrices or batches of them; a is {shapeA}, b is {shapeB}. Make a vector a matrix with Reshape.");
        }
        int m = shapeA[transposeA ? -1 : -2];
        int k = shapeA[transposeA ? -2 : -1];
        int n = shapeB[transposeB ? -2 : -1];
        if (shapeB[transposeB ? -1 : -2] != k)
        {
            Throw.Argument(
                $"Matmul: a{(transposeA ? " transposed" : "")} has {k} columns and b{(transposeB ? " transposed" : "")} has {shapeB[transposeB ? -1 : -2]} rows: they must be "
                + $"equal; a is {shapeA}, b is {shapeB}.");
        }
        Shape leading = BroadcastShape("Matmul", Leading(shapeA), Leading(shapeB));
        if (!IsSharedOrWhole(shapeA, leading) || !IsSharedOrWhole(shapeB, leading))
        {
            // Each side repeats along other axes: no single step leads from one matrix to the next.
            return Matmul(
                BroadcastTo(a, leading.Insert(leading.Rank, shapeA[-2]).Insert(leading.Rank + 1, shapeA[-1])),
                BroadcastTo(b, leading.Insert(leading.Rank, shapeB[-2]).Insert(leading.Rank + 1, shapeB[-1])),
                transposeA, transposeB, addend);
        }
        Shape shape = leading.Insert(leading.Rank, m).Insert(leading.Rank + 1, n);
        if (addend is { } given)
        {
            CheckFloats("Matmul", a, given);
            if (BroadcastShape("Matmul", given.Shape, shape) != shape)
            {
                Throw.Argument($"Matmul: the addend must broadcast to the product, {shape}; it is {given.Shape}.");
            }
        }
        Tensor y = New(a, shape);
        MatmulSizes sizes = new()
        {
            Batch = Size.Of(leading.Count),
            M = m,
            N = n,
            K = k,
            StrideY = (long)m * n,
            LdY = n,
            TransposeA = transposeA,
            TransposeB = transposeB,
            Precision = Precision.Current,
        };
        Tensor left = Matrices(a, leading.Count, out sizes.StrideA, out sizes.LdA);
        Tensor right = Matrices(b, leading.Count, out sizes.StrideB, out sizes.LdB);
        Tensor? inside = addend is { } offset ? AddendInside(offset, shape, ref sizes) : null;
        a.Device.Backend.Matmul(sizes, left.Ref, right.Ref, inside?.Ref, y.Ref);
        if (addend is { } behind && inside is null)
        {
            AddInto(y, BroadcastTo(Detach(behind), shape));
        }
        return Record(y, [a, b, addend ?? default], (a, b, addend?.Shape ?? default, transposeA, transposeB), static (g, s) =>
        {
            (Tensor a, Tensor b, Shape addend, bool transposeA, bool transposeB) = s;
            if (g.Needs(0))
            {
                g[0] = transposeA ? MatmulTo(a.Shape, b, g.Output, transposeB, true) : MatmulTo(a.Shape, g.Output, b, false, !transposeB);
            }
            if (g.Needs(2))
            {
                g[2] = SumTo(g.Output, addend);
            }
            if (g.Needs(1) && (transposeA || !g.TryCollect(1, transposeB ? g.Output : a, transposeB ? a : g.Output)))
            {
                g[1] = GradientOfRight(g.Output, a, b.Shape, transposeA, transposeB);
            }
        });
    }

    // One weight matrix [O, I], or one for every group of samples [C, O, I]; may be a row-strided slice of generated parameters.
    private static Tensor LinearDense(Tensor x, Tensor weight, Tensor? bias, Activation activation)
    {
        CheckFloats("Linear", x, weight);
        LinearSizes l = CheckLinear(x, weight.Shape, bias);
        if (!GradientNeedsOutputOnly(activation) && IsRecorded([x, weight, bias ?? default]))
        {
            return Activate(LinearDense(x, weight, bias, Activation.None), activation);
        }
        Shape shape = x.Shape.With(-1, l.Outputs);
        Tensor y = New(x, shape);
        MatmulSizes sizes = new()
        {
            Batch = l.Sets,
            M = l.Rows,
            N = l.Outputs,
            K = l.Inputs,
            StrideA = (long)l.Rows * l.Inputs,
            StrideB = l.Sets > 1 ? weight.RowStride : 0,
            StrideY = (long)l.Rows * l.Outputs,
            StrideBias = l.Sets > 1 && bias is { Rank: 2 } offsets ? offsets.RowStride : 0,
            LdA = l.Inputs,
            LdB = l.Inputs,
            LdY = l.Outputs,
            TransposeB = true,
            Activation = activation,
            Precision = Precision.Current,
        };
        Tensor input = x;
        Tensor matrix = weight;
        if (!x.IsDense)
        {
            if (x.Rank == 2 && x.RowStride <= int.MaxValue)
            {
                sizes.LdA = (int)x.RowStride;
                sizes.StrideA = l.Rows * x.RowStride;
            }
            else if (x.Rank > 2 && (l.SamplesPerSet == 1 || l.Sets == 1))
            {
                // One product per sample, so that each may start anywhere.
                sizes.Batch = x.Shape[0];
                sizes.M = l.RowsPerSample;
                sizes.StrideA = x.RowStride;
                sizes.StrideY = (long)sizes.M * l.Outputs;
            }
            else
            {
                input = Dense(x);
            }
        }
        if (weight.Rank == 2 && !weight.IsDense)
        {
            matrix = weight.RowStride <= int.MaxValue ? weight : Dense(weight);
            sizes.LdB = (int)matrix.RowStride;
        }
        x.Device.Backend.Matmul(sizes, input.Ref, matrix.Ref, BiasRef(bias), y.Ref);
        return Record(y, [x, weight, bias ?? default], (x, weight, bias?.Shape ?? default, y, l, activation), static (g, s) =>
        {
            (Tensor x, Tensor weight, Shape bias, Tensor y, LinearSizes l, Activation activation) = s;
            Tensor sum = GradientBefore(activation, y, g.Output, g.Recorded);
            bool inSets = weight.Rank == 3;
            Tensor folded = Reshape(sum, inSets ? new Shape(l.Sets, l.Rows, l.Outputs) : new Shape(l.Rows, l.Outputs));
            if (g.Needs(0))
            {
                g[0] = Reshape(Matmul(folded, weight), x.Shape);
            }
            if (g.Needs(1))
            {
                Tensor rows = Reshape(x, inSets ? new Shape(l.Sets, l.Rows, l.Inputs) : new Shape(l.Rows, l.Inputs));
                g.AddProduct(1, folded, rows);
            }
            if (g.Needs(2))
            {
                g[2] = !inSets ? Sum(folded, [0]) : bias.Rank == 2 ? Sum(folded, [1]) : Sum(folded, [0, 1]);
            }
        });
    }
}
