namespace HyperKernels.Cases;

/// <summary>Matrix products, dense layers with one weight matrix, and dense layers with one for every group of samples.</summary>
public static class MatmulCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All => [.. Products, .. Sliced, .. WithAddend, .. Linears, .. PerSample];

    private static IEnumerable<OpCase> Products =>
    [
        Matmul([1, 1], [1, 1], twice: true),
        Matmul([0, 3], [3, 2]),
        Matmul([2, 0], [0, 3]),
        Matmul([2, 3], [3, 0]),
        Matmul([5, 7], [7, 3], twice: true),
        Matmul([7, 5], [7, 3], transposeA: true, twice: true),
        Matmul([5, 7], [3, 7], transposeB: true, twice: true),
        Matmul([7, 5], [3, 7], transposeA: true, transposeB: true, twice: true),
        Matmul([1, 67], [67, 131]),
        Matmul([61, 67], [67, 1]),
        Matmul([37, 1], [1, 53]),
        Matmul([13, 300], [300, 33]),
        Matmul([97, 53], [53, 101], benchmark: true),
        Matmul([3, 4, 5], [3, 5, 2], twice: true),
        Matmul([3, 7, 5], [3, 5, 6], twice: true),
        Matmul([3, 5, 4], [3, 5, 2], transposeA: true),
        Matmul([3, 4, 5], [5, 6], twice: true),
        Matmul([3, 4, 5], [6, 5], transposeB: true, twice: true),
        Matmul([3, 5, 4], [5, 6], transposeA: true),
        Matmul([4, 5], [3, 5, 6], twice: true),
        Matmul([1, 4, 5], [3, 5, 6]),
        Matmul([0, 4, 5], [5, 6]),
        Matmul([2, 3, 4, 5], [2, 3, 5, 2]),
        Matmul([2, 1, 4, 5], [3, 5, 2], twice: true),
        Matmul([17, 1, 9], [17, 9, 20]),
        // The gradient of the shared side is the sum of few, then of many products.
        Matmul([5, 7], [4, 6, 7], transposeB: true, twice: true),
        Matmul([7, 5], [3, 7, 6], transposeA: true, twice: true),
        Matmul([2, 3], [19, 3, 2]),
        Matmul([37, 40], [4, 50, 40], transposeB: true),
        // Few rows against many short ones: these are turned.
        Matmul([5, 1, 4], [5, 133, 4], transposeB: true, twice: true),
        Matmul([2, 3, 13], [2, 70, 13], transposeB: true),
        Matmul([8, 3], [65, 3], transposeB: true),
        // Deep, both stored by depth, more rows than columns.
        Matmul([300, 20], [300, 9], transposeA: true),
        Matmul([3, 260, 24], [260, 11], transposeA: true),
    ];

    /// <summary>What is added may be a whole result, a row, one matrix or row for all, or repeat in ways that a kernel does not know.</summary>
    private static IEnumerable<OpCase> WithAddend =>
    [
        Matmul([5, 7], [7, 3], addend: [5, 3], twice: true),
        Matmul([5, 7], [7, 3], addend: [3], twice: true),
        Matmul([5, 7], [7, 3], addend: [5, 1], twice: true),
        Matmul([5, 7], [7, 3], addend: []),
        Matmul([1, 7], [7, 3], addend: [1, 3]),
        Matmul([61, 67], [67, 1], addend: [61, 1]),
        Matmul([61, 67], [67, 1], addend: [1]),
        Matmul([5, 0], [0, 3], addend: [5, 3]),
        Matmul([3, 4, 5], [3, 5, 2], addend: [3, 4, 2], twice: true),
        Matmul([3, 4, 5], [3, 5, 2], addend: [3, 1, 2], twice: true),
        Matmul([3, 4, 5], [3, 5, 2], addend: [4, 2], twice: true),
        Matmul([3, 4, 5], [3, 5, 2], addend: [3, 4, 1]),
        Matmul([3, 4, 5], [6, 5], transposeB: true, addend: [3, 4, 6]),
        Matmul([3, 4, 5], [6, 5], transposeB: true, addend: [4, 6]),
        Matmul([2, 1, 4, 5], [3, 5, 2], addend: [2, 3, 4, 2]),
        Matmul([64, 32], [300, 32], transposeB: true, addend: [64, 300]),
        Matmul([5, 2, 7], [5, 97, 7], transposeB: true, addend: [5, 2, 97]),
        Matmul([64, 32], [300, 32], transposeB: true, addend: [300]),
        Matmul([7, 1500], [1500, 256], addend: [7, 256]),
        Matmul([97, 53], [53, 101], addend: [97, 101]),
        Matmul([3, 90, 70], [3, 70, 80], addend: [3, 90, 80]),
    ];

    /// <summary>Both sides are columns of one wider matrix each.</summary>
    private static IEnumerable<OpCase> Sliced
    {
        get
        {
            foreach ((int m, int k, int n, bool transposeA, bool transposeB) in
                new[] { (4, 5, 3, false, false), (4, 5, 3, true, false), (4, 5, 3, false, true), (19, 33, 40, true, true) })
            {
                Shape a = transposeA ? [k, m] : [m, k];
                Shape b = transposeB ? [n, k] : [k, n];
                yield return new OpCase
                {
                    Op = "matmul",
                    Sizes = $"A={a} B={b}{(transposeA ? " tA" : "")}{(transposeB ? " tB" : "")} slices",
                    Inputs = [CaseInput.Normal("a", [a[0], a[1] + 3]), CaseInput.Normal("b", [b[0], b[1] + 2])],
                    Run = v => Ops.Matmul(Ops.Slice(v[0], 1, 2, a[1]), Ops.Slice(v[1], 1, 1, b[1]), transposeA, transposeB),
                    Oracle = v => Product(v[0].Columns(2, a), v[1].Columns(1, b), transposeA, transposeB),
                    Flops = 2.0 * m * n * k,
                    Bytes = 4.0 * ((m * k) + (k * n) + (m * n)),
                };
            }
        }
    }

    private static IEnumerable<OpCase> Linears =>
    [
        Linear([0, 3], 0, 4, bias: true),
        Linear([2, 0], 0, 4, bias: true),
        Linear([5, 7], 0, 3, bias: false, twice: true),
        Linear([5, 7], 0, 3, bias: true, Activation.Relu),
        Linear([3, 4, 5], 0, 6, bias: true, Activation.Tanh, twice: true),
        Linear([3, 4, 5], 0, 6, bias: true, Activation.Gelu, twice: true),
        Linear([3, 5], 0, 6, bias: true, Activation.GeluTanh, twice: true),
        Linear([3, 5], 0, 6, bias: true, Activation.Silu, twice: true),
        Linear([3, 5], 0, 6, bias: true, Activation.Softplus, twice: true),
        Linear([3, 5], 0, 6, bias: true, Activation.Sine(3), twice: true),
        Linear([3, 5], 0, 6, bias: true, Activation.Sigmoid, twice: true),
        Linear([3, 5], 0, 6, bias: true, Activation.Elu(0.7f), twice: true),
        Linear([3, 5], 0, 6, bias: true, Activation.LeakyRelu(0.2f), twice: true),
        Linear([3, 5], 0, 6, bias: true, Activation.LeakyRelu(-0.2f)),
        Linear([33, 70], 0, 41, bias: true, Activation.Relu, benchmark: true),
    ];

    private static IEnumerable<OpCase> PerSample =>
    [
        Linear([5, 7], 5, 3, bias: true, twice: true),
        Linear([6, 7], 2, 3, bias: true, Activation.Tanh, twice: true),
        Linear([4, 3, 5], 4, 6, bias: true, Activation.Relu),
        Linear([4, 3, 5], 2, 6, bias: false),
        Linear([4, 2, 3, 5], 1, 6, bias: true),
        Linear([0, 5], 0, 6, bias: true),
        Linear([17, 33], 17, 35, bias: true, Activation.Relu, benchmark: true),
        Linear([5, 7], 5, 3, bias: true, slices: true, twice: true),
        Linear([6, 4, 5], 3, 7, bias: true, Activation.Sigmoid, slices: true),
        Linear([4, 3, 5], 4, 6, bias: true, strided: true),
        Linear([6, 5], 3, 6, bias: true, strided: true),
        Linear([6, 2, 5], 3, 6, bias: true, strided: true),
        Linear([3, 2, 5], 0, 6, bias: true, strided: true),
    ];

    private static OpCase Matmul(
        Shape a, Shape b, bool transposeA = false, bool transposeB = false, bool twice = false, bool benchmark = false, Shape? addend = null)
    {
        int m = a[transposeA ? -1 : -2], k = a[transposeA ? -2 : -1], n = b[transposeB ? -2 : -1];
        double batch = Math.Max(a.Count / Math.Max(1.0, m * k), b.Count / Math.Max(1.0, k * n));
        List<CaseInput> operands = [CaseInput.Normal("a", a), CaseInput.Normal("b", b)];
        if (addend is { } given)
        {
            operands.Add(CaseInput.Normal("addend", given));
        }
        return new OpCase
        {
            Op = "matmul",
            Sizes = $"A={a} B={b}{(transposeA ? " tA" : "")}{(transposeB ? " tB" : "")}{(addend is { } added ? $" +{added}" : "")}",
            Inputs = operands,
            Run = v => Ops.Matmul(v[0], v[1], transposeA, transposeB, addend is null ? null : v[2]),
            Oracle = v => addend is null ? Product(v[0], v[1], transposeA, transposeB) : Sum(Product(v[0], v[1], transposeA, transposeB), v[2]),
            SumsProducts = true,
            TwiceDifferentiable = twice,
            Benchmark = benchmark,
            Flops = 2.0 * batch * m * n * k,
            Bytes = 4.0 * (a.Count + b.Count + (batch * m * n)),
        };
    }

    /// <summary>sets = 0: one weight matrix. slices: weight and bias are parts of generated parameters. strided: x is part of a wider tensor.</summary>
    private static OpCase Linear(
        Shape x, int sets, int outputs, bool bias, Activation activation = default,
        bool slices = false, bool strided = false, bool twice = false, bool benchmark = false)
    {
        int inputs = x[-1];
        Shape w = sets == 0 ? [outputs, inputs] : [sets, outputs, inputs];
        Shape b = sets == 0 ? [outputs] : [sets, outputs];
        Shape y = x.With(-1, outputs);
        int row = (int)x.RowCount;
        Shape given = strided ? [x[0], row + 3] : x;
        List<CaseInput> operands = [CaseInput.Normal("x", given)];
        if (slices)
        {
            operands.Add(CaseInput.Normal("parameters", [sets, (outputs * inputs) + 5 + outputs]));
        }
        else
        {
            operands.Add(CaseInput.Normal("weight", w));
            operands.Add(CaseInput.Normal("bias", bias ? b : [0]));
        }
        return new OpCase
        {
            Op = sets > 0 ? "linear_per_sample" : "linear",
            Sizes = $"X={x} O={outputs}{(sets > 0 ? $" C={sets}" : "")}{(bias ? "" : " no bias")}"
                + $"{(activation == Activation.None ? "" : $" {activation.Kind} {activation.Parameter}")}{(slices ? " slices" : "")}{(strided ? " strided" : "")}",
            Inputs = operands,
            Run = v =>
            {
                Tensor input = strided ? Ops.Reshape(Ops.Slice(v[0], 1, 2, row), x) : v[0];
                return slices
                    ? Ops.Linear(input, Ops.Reshape(Ops.Slice(v[1], 1, 0, outputs * inputs), w), Ops.Slice(v[1], 1, (outputs * inputs) + 5, outputs), activation)
                    : Ops.Linear(input, v[1], bias ? v[2] : null, activation);
            },
            Oracle = v =>
            {
                Plain input = strided ? v[0].Columns(2, x) : v[0];
                return slices
                    ? PlainOps.Linear(input, v[1].Columns(0, w), v[1].Columns((outputs * inputs) + 5, b), activation)
                    : PlainOps.Linear(input, v[1], bias ? v[2] : null, activation);
            },
            SumsProducts = activation == Activation.None,
            TwiceDifferentiable = twice,
            Benchmark = benchmark,
            Flops = 2.0 * y.Count * inputs,
            Bytes = 4.0 * (x.Count + w.Count + b.Count + y.Count),
        };
    }

    private static Plain Product(Plain a, Plain b, bool transposeA, bool transposeB)
    {
        int m = a.Shape[transposeA ? -1 : -2], k = a.Shape[transposeA ? -2 : -1], n = b.Shape[transposeB ? -2 : -1];
        int rank = Math.Max(a.Shape.Rank, b.Shape.Rank) - 2;
        int[] sizes = new int[rank + 2];
        for (int axis = 0; axis < rank; axis++)
        {
            sizes[axis] = Size(a.Shape, axis, rank) == 1 ? Size(b.Shape, axis, rank) : Size(a.Shape, axis, rank);
        }
        sizes[rank] = m;
        sizes[rank + 1] = n;
        Plain y = new(new Shape(sizes));
        int matrices = m * n == 0 ? 0 : (int)(y.Shape.Count / (m * n));
        for (int matrix = 0; matrix < matrices; matrix++)
        {
            int fromA = Matrix(a.Shape, matrix, sizes, rank) * m * k;
            int fromB = Matrix(b.Shape, matrix, sizes, rank) * k * n;
            for (int i = 0; i < m; i++)
            {
                for (int j = 0; j < n; j++)
                {
                    double sum = 0;
                    for (int d = 0; d < k; d++)
                    {
                        sum += a.Values[fromA + (transposeA ? (d * m) + i : (i * k) + d)] * b.Values[fromB + (transposeB ? (j * k) + d : (d * n) + j)];
                    }
                    y.Values[(((matrix * m) + i) * n) + j] = sum;
                }
            }
        }
        return y;
    }

    private static Plain Sum(Plain product, Plain addend)
    {
        int[] from = Indexing.Sources(addend.Shape, product.Shape).Value;
        return Indexing.Map(product.Shape, i => product.Values[i] + addend.Values[from[i]]);
    }

    private static int Size(Shape shape, int axis, int rank)
    {
        int own = axis - (rank - (shape.Rank - 2));
        return own < 0 ? 1 : shape[own];
    }

    /// <summary>Which matrix of an operand goes into that matrix of the result.</summary>
    private static int Matrix(Shape shape, int matrix, int[] sizes, int rank)
    {
        int result = 0;
        int step = 1;
        for (int axis = rank - 1; axis >= 0; axis--)
        {
            int size = Size(shape, axis, rank);
            result += size == 1 ? 0 : matrix % sizes[axis] * step;
            step *= size;
            matrix /= sizes[axis];
        }
        return result;
    }
}
