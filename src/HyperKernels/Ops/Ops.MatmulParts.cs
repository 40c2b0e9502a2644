using HyperKernels.Backends;

namespace HyperKernels;

// What Matmul and Linear are made of.
public static partial class Ops
{
    /// <summary>The axes before the last two.</summary>
    private static Shape Leading(in Shape shape) => new(shape.AsSpan()[..^2]);

    /// <summary>Whether the matrices follow each other through all of <paramref name="leading"/>, or there is only one.</summary>
    private static bool IsSharedOrWhole(in Shape shape, in Shape leading)
    {
        Shape own = Leading(shape);
        return own.Count == 1 || own.Count == leading.Count;
    }

    /// <summary>The steps between matrices and between rows; a dense copy where one step does not tell.</summary>
    private static Tensor Matrices(Tensor x, long batch, out long stride, out int rowStep)
    {
        Shape shape = x.Shape;
        rowStep = shape[-1];
        long count = Leading(shape).Count;
        bool whole = x.IsDense || shape.Rank == 3 || (shape.Rank == 2 && x.RowStride <= int.MaxValue);
        Tensor source = whole ? x : Dense(x);
        if (shape.Rank == 2 && !source.IsDense)
        {
            rowStep = (int)x.RowStride;
        }
        stride = count == 1 && batch != 1 ? 0 : shape.Rank == 3 && !source.IsDense ? x.RowStride : (long)shape[-2] * shape[-1];
        return source;
    }

    /// <summary>An addend in a form that the product's kernel adds: whole matrices, or rows. Null where it repeats in another way.</summary>
    private static Tensor? AddendInside(Tensor addend, in Shape product, ref MatmulSizes sizes)
    {
        Shape shape = addend.Shape;
        (int rows, int columns) = (product[-2], product[-1]);
        if (shape.Rank == 0 || shape[-1] != columns)
        {
            return null;
        }
        bool isRow = shape.Rank == 1 || (shape[-2] == 1 && rows != 1);
        long matrices = shape.Count / Math.Max(1, (isRow ? 1L : rows) * columns);
        if ((!isRow && shape[-2] != rows) || (matrices != 1 && matrices != sizes.Batch))
        {
            return null;
        }
        Tensor given = shape.Rank == 3 ? addend : Dense(addend);
        sizes.LdBias = isRow ? 0 : columns;
        sizes.StrideBias = matrices == 1 ? 0 : shape.Rank == 3 ? given.RowStride : (isRow ? 1L : rows) * columns;
        return given;
    }

    /// <summary>A product whose matrices are added up to those of a shape: over the axes along which it had been repeated.</summary>
    private static Tensor MatmulTo(in Shape shape, Tensor a, Tensor b, bool transposeA, bool transposeB)
    {
        int matrices = a.Rank == 3 && b.Rank == 3 ? a.Shape[0] : 0;
        return Leading(shape).Count == 1 && matrices is > 1 and <= MostSummed && b.Shape[0] == matrices
            ? Reshape(SumOfProducts(a, b, transposeA, transposeB), shape)
            : SumTo(Matmul(a, b, transposeA, transposeB), shape);
    }

    // a [C, M, K] and b [C, K, N], or turned: the sum of the C products. None of them is written out.
    private static Tensor SumOfProducts(Tensor a, Tensor b, bool transposeA, bool transposeB)
    {
        int m = a.Shape[transposeA ? -1 : -2];
        int n = b.Shape[transposeB ? -2 : -1];
        MatmulSizes sizes = new()
        {
            Batch = a.Shape[0],
            M = m,
            N = n,
            K = a.Shape[transposeA ? -2 : -1],
            LdY = n,
            TransposeA = transposeA,
            TransposeB = transposeB,
            Precision = Precision.Current,
        };
        Tensor left = Matrices(a, sizes.Batch, out sizes.StrideA, out sizes.LdA);
        Tensor right = Matrices(b, sizes.Batch, out sizes.StrideB, out sizes.LdB);
        Tensor y = New(a, [m, n]);
        a.Device.Backend.Matmul(sizes, left.Ref, right.Ref, null, y.Ref);
        return Record(y, [a, b], (a, b, transposeA, transposeB), static (g, s) =>
        {
            (Tensor a, Tensor b, bool transposeA, bool transposeB) = s;
            if (g.Needs(0))
            {
                g[0] = transposeA ? Matmul(b, g.Output, transposeB, true) : Matmul(g.Output, b, false, !transposeB);
            }
            if (g.Needs(1))
            {
                g[1] = transposeB ? Matmul(g.Output, a, true, transposeA) : Matmul(a, g.Output, !transposeA, false);
            }
        });
    }

    private static Tensor GradientOfRight(Tensor gradient, Tensor a, in Shape shape, bool transposeA, bool transposeB)
    {
        if (!transposeA && a.Rank > 2 && Leading(shape).Count == 1 && Leading(a.Shape).Count > 1)
        {
            // All rows of the batch against one shared matrix: one product, whose depth is the whole batch.
            int rows = Size.Of(Leading(a.Shape).Count * a.Shape[-2]);
            Tensor left = Reshape(a, new Shape(rows, a.Shape[-1]));
            Tensor right = Reshape(gradient, new Shape(rows, gradient.Shape[-1]));
            return Reshape(transposeB ? Matmul(right, left, true) : Matmul(left, right, true), shape);
        }
        return SumTo(transposeB ? Matmul(gradient, a, true, transposeA) : Matmul(a, gradient, !transposeA, false), shape);
    }

    /// <summary>Whether the derivative can be told from the activation's value alone.</summary>
    private static bool GradientNeedsOutputOnly(Activation activation) => activation.Kind switch
    {
        ActivationKind.None or ActivationKind.Relu or ActivationKind.Tanh or ActivationKind.Sigmoid => true,
        // The value must tell on which side of 0 the argument was.
        ActivationKind.LeakyRelu or ActivationKind.Elu => activation.Parameter >= 0,
        _ => false,
    };

    /// <summary>The gradient of what went into an activation, from what came out of it.</summary>
    private static Tensor GradientBefore(Activation activation, Tensor y, Tensor gradient, bool recorded)
    {
        float parameter = activation.Parameter;
        switch (activation.Kind)
        {
            case ActivationKind.None:
                return gradient;
            case ActivationKind.Relu:
                return FromOutput(UnaryOp.Relu, y, gradient, parameter, recorded);
            case ActivationKind.LeakyRelu:
                return FromOutput(UnaryOp.LeakyRelu, y, gradient, parameter, recorded);
            case ActivationKind.Tanh:
                return FromOutput(UnaryOp.Tanh, y, gradient, parameter, recorded);
            case ActivationKind.Sigmoid:
                return FromOutput(UnaryOp.Sigmoid, y, gradient, parameter, recorded);
            default:
                // Elu: 1 above 0, else parameter e^x = y + parameter.
                Tensor above = Step(y);
                return gradient * (above + ((1 - above) * (y + parameter)));
        }
    }

    private static Tensor FromOutput(UnaryOp op, Tensor y, Tensor gradient, float parameter, bool recorded) =>
        recorded ? Differentiable(op, y, y, gradient, parameter, 0) : Fused(op, y, y, gradient, parameter, 0);

    private static bool IsRecorded(ReadOnlySpan<Tensor> inputs) => Tape.Recording is { } tape && AnyTracked(tape, inputs);

    private static LinearSizes CheckLinear(Tensor x, in Shape weights, Tensor? bias)
    {
        Shape shape = x.Shape;
        if (shape.Rank < 2 || weights.Rank is not (2 or 3))
        {
            Throw.Argument($"Linear: x must be [B, ..., I] and weight [O, I] or [C, O, I]; x is {shape}, weight is {weights}. For one sample use Reshape.");
        }
        if (shape[-1] != weights[-1])
        {
            Throw.Argument($"Linear: weight must have I = {shape[-1]} columns to match x {shape}; weight is {weights}.");
        }
        int sets = weights.Rank == 3 ? weights[0] : 1;
        if (sets == 0 ? shape[0] != 0 : shape[0] % sets != 0)
        {
            Throw.Argument($"Linear: the number of weight matrices must divide the batch: weight {weights} has {sets}, x {shape} has {shape[0]} samples.");
        }
        if (bias is { } offsets)
        {
            CheckFloats("Linear", x, offsets);
            BiasStep("Linear", offsets, sets, weights.Rank == 3, weights[-2]);
        }
        long perSample = 1;
        for (int axis = 1; axis < shape.Rank - 1; axis++)
        {
            perSample *= shape[axis];
        }
        int samples = sets == 0 ? 0 : shape[0] / sets;
        return new LinearSizes(sets, Size.Of(samples * perSample), (int)perSample, samples, shape[-1], weights[-2]);
    }

    private readonly record struct LinearSizes(int Sets, int Rows, int RowsPerSample, int SamplesPerSet, int Inputs, int Outputs);
}
