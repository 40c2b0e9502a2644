using HyperKernels.Backends;
using HyperKernels.Backends.Cpu;
using NUnit.Framework;

namespace HyperKernels.Tests;

[TestFixture]
internal sealed unsafe class GemmTests
{
    private const float Guard = 12345.678f;

    private static readonly int[] s_widths = [512, 256, 128, 0];

    // Around the borders of tiles (12 or 6 rows, 16 to 32 columns), of depth blocks, and of the ways to compute.
    private static readonly int[] s_sizes = [0, 1, 2, 3, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 24, 25, 31, 32, 33, 47, 48, 49, 63, 64, 65, 67, 97];

    private static IEnumerable<Problem> RandomProblems(int seed, int count, int largest)
    {
        Random random = new(seed);
        int[] sizes = [.. s_sizes.Where(size => size <= largest)];
        for (int i = 0; i < count; i++)
        {
            yield return new Problem
            {
                Seed = seed + i,
                Batch = random.Next(4) == 0 ? random.Next(5) : 1,
                M = sizes[random.Next(sizes.Length)],
                N = sizes[random.Next(sizes.Length)],
                K = sizes[random.Next(sizes.Length)],
                PadA = random.Next(3),
                PadB = random.Next(3),
                PadY = random.Next(3),
                TransposeA = random.Next(2) == 0,
                TransposeB = random.Next(2) == 0,
                ShareA = random.Next(4) == 0,
                ShareB = random.Next(4) == 0,
                Bias = random.Next(5),
                Sums = random.Next(5) == 0,
                Accumulate = random.Next(3) == 0,
                Activation = random.Next(2) == 0 ? ActivationKind.None : (ActivationKind)random.Next(6),
            };
        }
    }

    private static IEnumerable<Problem> LargeProblems()
    {
        // More depth than a block, more rows than the packed memory, both transposes, batches on either side of the one-thread limit.
        yield return new Problem { M = 150, N = 333, K = 700, Bias = 1, Activation = ActivationKind.Tanh };
        yield return new Problem { M = 150, N = 333, K = 700, TransposeA = true, TransposeB = true, Accumulate = true, PadY = 3 };
        yield return new Problem { M = 300, N = 97, K = 600, TransposeB = true, PadA = 1, PadB = 2 };
        yield return new Problem { M = 4500, N = 70, K = 290, TransposeA = true };
        yield return new Problem { M = 20, N = 4300, K = 300, TransposeB = true, Bias = 1 };
        yield return new Problem { M = 101, N = 410, K = 570, TransposeA = true, TransposeB = true, Bias = 1, Accumulate = true, PadB = 1, PadY = 1,
            Activation = ActivationKind.Tanh };
        yield return new Problem { Batch = 3, M = 33, N = 197, K = 40, TransposeB = true, Bias = 2, Activation = ActivationKind.Relu };
        yield return new Problem { M = 2, N = 200, K = 9, TransposeB = true };
        yield return new Problem { Batch = 4, M = 17, N = 130, K = 110, TransposeB = true, Accumulate = true, PadY = 2 };
        // Lines of B a power of two apart.
        yield return new Problem { M = 40, N = 1024, K = 33, Bias = 1 };
        // B is packed beside the first tiles: several row tiles, depth blocks and parts, the last panel ragged.
        yield return new Problem { M = 50, N = 1024, K = 530, Accumulate = true };
        yield return new Problem { M = 310, N = 1060, K = 257, Bias = 1, PadB = 2, Activation = ActivationKind.Relu };
        // B is packed before the tiles, in several depth blocks with a ragged end: by each part for itself, and for all parts.
        yield return new Problem { M = 365, N = 290, K = 1040, Bias = 1, PadY = 3, Activation = ActivationKind.Relu };
        yield return new Problem { M = 365, N = 290, K = 1040, TransposeA = true, TransposeB = true, Accumulate = true };
        yield return new Problem { M = 365, N = 520, K = 1040, Accumulate = true, Bias = 1 };
        yield return new Problem { M = 365, N = 520, K = 1040, TransposeB = true, PadB = 1 };
        yield return new Problem { M = 1, N = 5000, K = 37, Bias = 1, Activation = ActivationKind.Relu };
        yield return new Problem { M = 3, N = 1100, K = 517, Accumulate = true };
        yield return new Problem { M = 2, N = 700, K = 1025, TransposeB = true, TransposeA = true };
        yield return new Problem { M = 900, N = 1, K = 300, PadY = 2, Bias = 1, Accumulate = true };
        yield return new Problem { M = 900, N = 1, K = 300, TransposeA = true, Bias = 1, Activation = ActivationKind.Sigmoid };
        yield return new Problem { M = 700, N = 300, K = 3, TransposeA = true };
        yield return new Problem { Batch = 9, M = 1, N = 257, K = 129, Bias = 2 };
        yield return new Problem { Batch = 9, M = 1, N = 257, K = 129, TransposeB = true, Bias = 1 };
        yield return new Problem { Batch = 9, M = 65, N = 130, K = 1, TransposeA = true };
        yield return new Problem { Batch = 5, M = 70, N = 70, K = 70, ShareB = true, TransposeB = true, Bias = 1 };
        yield return new Problem { Batch = 2, M = 200, N = 150, K = 160, ShareA = true };
        yield return new Problem { M = 33, N = 1003, K = 128, TransposeB = true, Bias = 1 };
        // So much B that its depth is cut, for few rows.
        int deep = (int)(GemmDeep.HeldBytes / 512);
        yield return new Problem { M = 21, N = 128, K = deep + 77, Bias = 1, Activation = ActivationKind.Relu, PadY = 3 };
        yield return new Problem { M = 8, N = 160, K = deep, Accumulate = true, PadA = 5 };
        yield return new Problem { M = 64, N = 256, K = (deep / 2) + 1 };
        // More rows than columns, both operands stored by depth: computed on its side.
        yield return new Problem { M = 97, N = 65, K = 700, TransposeA = true, Bias = 3, PadY = 3, Activation = ActivationKind.Relu };
        yield return new Problem { Batch = 3, M = 130, N = 9, K = 257, TransposeA = true, ShareB = true, Bias = 2, PadA = 1, PadB = 2 };
        yield return new Problem { Batch = 4, M = 64, N = 33, K = 300, TransposeA = true, Sums = true, Bias = 1 };
        // A bias for every row, in each of the ways to compute.
        yield return new Problem { M = 33, N = 1003, K = 128, TransposeB = true, Bias = 3 };
        yield return new Problem { M = 21, N = 128, K = deep + 77, Bias = 3 };
        yield return new Problem { M = 900, N = 1, K = 300, Bias = 3, PadY = 2 };
        yield return new Problem { Batch = 5, M = 70, N = 70, K = 70, ShareB = true, Bias = 3 };
        yield return new Problem { Batch = 5, M = 70, N = 70, K = 70, ShareB = true, Bias = 4, Activation = ActivationKind.Tanh };
        yield return new Problem { Batch = 5, M = 70, N = 170, K = 70, TransposeB = true, Sums = true, Bias = 3, Activation = ActivationKind.Tanh };
    }

    [Test]
    public void Run_SmallSizes_MatchesThePlainLoop([ValueSource(nameof(s_widths))] int width)
    {
        using ForkJoin threads = new(2);
        foreach (Problem problem in RandomProblems(1, 700, 97))
        {
            problem.Check(width, threads);
        }
    }

    [Test]
    public void Run_LargeSizes_MatchesThePlainLoop([ValueSource(nameof(s_widths))] int width)
    {
        using ForkJoin threads = new(2);
        foreach (Problem problem in LargeProblems())
        {
            problem.Check(width, threads);
        }
    }

    [Test]
    public void Run_AnyActivation_MatchesThePlainLoop([Values] ActivationKind activation)
    {
        using ForkJoin threads = new(1);
        foreach (int rows in (int[])[1, 3, 14])
        {
            Problem problem = new() { M = rows, N = 37, K = 19, Bias = 1, Activation = activation, Parameter = 0.3f };
            problem.Check(512, threads);
            problem.Check(128, threads);
        }
    }

    [Test]
    public void Run_OneOrMoreThreads_GivesTheSameBits([ValueSource(nameof(s_widths))] int width)
    {
        using ForkJoin one = new(1);
        using ForkJoin two = new(2);
        using ForkJoin five = new(5);
        foreach (Problem problem in LargeProblems().Concat(RandomProblems(77, 60, 97)))
        {
            float[] expected = problem.Run(width, one);
            Assert.That(problem.Run(width, two), Is.EqualTo(expected), $"{problem}, 2 threads");
            Assert.That(problem.Run(width, five), Is.EqualTo(expected), $"{problem}, 5 threads");
        }
    }

    [Test]
    public void Run_RowOfATallProduct_HasTheBitsOfTheRowAlone()
    {
        using ForkJoin threads = new(2);
        Problem tall = new() { M = 130, N = 75, K = 300 };
        float[] all = tall.Run(512, threads);
        float[] first = (tall with { M = 1 }).Run(512, threads);
        Assert.That(all.AsSpan(0, 75).ToArray(), Is.EqualTo(first.AsSpan(0, 75).ToArray()));
    }

    [TestCase(1, 128, 65, 700)]
    [TestCase(4, 97, 24, 256)]
    public void Run_DeepProductOnItsSide_HasTheBitsOfTheOtherSideTurned(int batch, int m, int n, int k)
    {
        using ForkJoin threads = new(2);
        Random random = new(3);
        float[] a = [.. Enumerable.Range(0, batch * k * m).Select(_ => random.NextSingle() - 0.5f)];
        float[] b = [.. Enumerable.Range(0, batch * k * n).Select(_ => random.NextSingle() - 0.5f)];
        float[] Product(float[] left, int rows, float[] right, int columns)
        {
            float[] y = new float[batch * rows * columns];
            fixed (float* pLeft = left, pRight = right, pY = y)
            {
                MatmulArgs args = new()
                {
                    A = pLeft, B = pRight, Y = pY, Batch = batch, M = rows, N = columns, K = k, LdA = rows, LdB = columns, LdY = columns,
                    StrideA = (long)k * rows, StrideB = (long)k * columns, StrideY = (long)rows * columns, TransposeA = true,
                };
                Assert.That(GemmSide.Pays(args, 256), Is.EqualTo(rows == m), "one of the two is turned");
                Gemm.Run(args, threads, 256);
            }
            return y;
        }
        float[] turned = Product(b, n, a, m);
        float[] expected = [.. from matrix in Enumerable.Range(0, batch) from row in Enumerable.Range(0, m) from column in Enumerable.Range(0, n)
            select turned[(((matrix * n) + column) * m) + row]];
        Assert.That(Product(a, m, b, n), Is.EqualTo(expected));
    }

    [Test]
    public void Run_SteadyState_AllocatesNothing()
    {
        using ForkJoin threads = new(1);
        Problem problem = new() { M = 150, N = 333, K = 700 };
        Assert.That(problem.AllocatedBytes(512, threads), Is.Zero);
        Assert.That((problem with { Batch = 3, M = 1, TransposeA = true, TransposeB = true }).AllocatedBytes(512, threads), Is.Zero);
    }

    private sealed record Problem
    {
        public int Seed { get; init; } = 5;

        public int Batch { get; init; } = 1;

        public int M { get; init; }

        public int N { get; init; }

        public int K { get; init; }

        public int PadA { get; init; }

        public int PadB { get; init; }

        public int PadY { get; init; }

        public bool TransposeA { get; init; }

        public bool TransposeB { get; init; }

        public bool ShareA { get; init; }

        public bool ShareB { get; init; }

        /// <summary>0 none, 1 shared, 2 one per matrix, 3 one per row of every matrix, 4 one per row, shared by the matrices.</summary>
        public int Bias { get; init; }

        /// <summary>Whether the products of the batch are added up.</summary>
        public bool Sums { get; init; }

        public bool Accumulate { get; init; }

        public ActivationKind Activation { get; init; }

        public float Parameter { get; init; } = 0.25f;

        private int LdA => (TransposeA ? M : K) + PadA;

        private int LdB => (TransposeB ? K : N) + PadB;

        private int LdY => N + PadY;

        private long StrideA => ShareA ? 0 : (long)(TransposeA ? K : M) * LdA;

        private long StrideB => ShareB ? 0 : (long)(TransposeB ? N : K) * LdB;

        private int Results => Sums ? Math.Min(Batch, 1) : Batch;

        private long StrideY => (long)M * LdY;

        private int LdBias => Bias >= 3 ? N : 0;

        private long StrideBias => Bias switch { 2 => N, 3 when !Sums => (long)M * N, _ => 0 };

        private (float[] A, float[] B, float[] Y, float[] Bias) Inputs()
        {
            int part = 0;
            float[] Fill(long length)
            {
                Random random = new(Seed + (1000 * part++));
                float[] values = new float[length];
                foreach (ref float value in values.AsSpan())
                {
                    value = (random.NextSingle() * 2) - 1;
                }
                return values;
            }
            float[] a = Fill(Math.Max(Batch, 1) * (long)(TransposeA ? K : M) * LdA);
            float[] b = Fill(Math.Max(Batch, 1) * (long)(TransposeB ? N : K) * LdB);
            float[] y = Fill((Results * StrideY) + 64);
            float[] bias = Fill(Math.Max(Batch, 1) * (long)N * (Bias >= 3 ? M : 1));
            for (long i = 0; i < y.Length; i++)
            {
                // Everything that is no element of a result: ends of rows, and what lies behind.
                if (i >= Results * StrideY || i % LdY >= N)
                {
                    y[i] = Guard;
                }
                else if (!Accumulate)
                {
                    y[i] = float.NaN;
                }
            }
            return (a, b, y, bias);
        }

        private void Run(int width, ForkJoin threads, float[] a, float[] b, float[] y, float[] bias)
        {
            fixed (float* pa = a, pb = b, py = y, pBias = bias)
            {
                MatmulArgs args = new()
                {
                    A = pa,
                    B = pb,
                    Y = py,
                    Bias = Bias == 0 ? null : pBias,
                    Batch = Batch,
                    M = M,
                    N = N,
                    K = K,
                    StrideA = StrideA,
                    StrideB = StrideB,
                    StrideY = Sums ? 0 : StrideY,
                    StrideBias = Sums ? 0 : StrideBias,
                    LdA = LdA,
                    LdB = LdB,
                    LdY = LdY,
                    LdBias = LdBias,
                    TransposeA = TransposeA,
                    TransposeB = TransposeB,
                    Accumulate = Accumulate,
                    Activation = HyperKernels.Activation.Of(Activation, Parameter),
                };
                Gemm.Run(args, threads, width);
            }
        }

        public float[] Run(int width, ForkJoin threads)
        {
            (float[] a, float[] b, float[] y, float[] bias) = Inputs();
            Run(width, threads, a, b, y, bias);
            return y;
        }

        public long AllocatedBytes(int width, ForkJoin threads)
        {
            (float[] a, float[] b, float[] y, float[] bias) = Inputs();
            Run(width, threads, a, b, y, bias);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Run(width, threads, a, b, y, bias);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        public void Check(int width, ForkJoin threads)
        {
            (float[] a, float[] b, float[] old, float[] bias) = Inputs();
            float[] y = [.. old];
            Run(width, threads, a, b, y, bias);
            // Of large products every seventh element or so: tiles are no multiple of 7 wide.
            long work = (long)M * N * K * Batch;
            int one = work > 3_000_000 ? 7 : 1;
            for (long i = 0; i < y.Length; i++)
            {
                if (i >= Results * StrideY || i % LdY >= N)
                {
                    if (y[i] != Guard)
                    {
                        Assert.Fail($"{this}, width {width}: the guard at {i} was overwritten by {y[i]}.");
                    }
                    continue;
                }
                if (i % one != 0)
                {
                    continue;
                }
                long batch = i / StrideY;
                long row = i % StrideY / LdY;
                long column = i % LdY;
                double sum = Accumulate ? old[i] : 0;
                for (long product = batch; product <= (Sums ? Batch - 1 : batch); product++)
                {
                    for (long k = 0; k < K; k++)
                    {
                        double left = a[(product * StrideA) + (TransposeA ? (k * LdA) + row : (row * LdA) + k)];
                        double right = b[(product * StrideB) + (TransposeB ? (column * LdB) + k : (k * LdB) + column)];
                        sum += left * right;
                    }
                }
                sum += Bias == 0 ? 0 : bias[(batch * StrideBias) + (row * LdBias) + column];
                double expected = Activate(sum);
                // The summands are below 1 and their rounding errors grow like the root of their number.
                double tolerance = (1e-6 * (1 + Math.Sqrt((double)K * (Sums ? Batch : 1)))) + (2e-6 * Math.Abs(expected));
                if (!(Math.Abs(y[i] - expected) <= tolerance))
                {
                    Assert.Fail($"{this}, width {width}: [{batch}, {row}, {column}] is {y[i]}, must be {expected}.");
                }
            }
        }

        private double Activate(double x)
        {
            double parameter = Parameter;
            return Activation switch
            {
                ActivationKind.None => x,
                ActivationKind.Relu => Math.Max(x, 0),
                ActivationKind.LeakyRelu => x < 0 ? parameter * x : x,
                ActivationKind.Elu => x < 0 ? parameter * (Math.Exp(x) - 1) : x,
                ActivationKind.Tanh => Math.Tanh(x),
                ActivationKind.Sigmoid => 1 / (1 + Math.Exp(-x)),
                ActivationKind.Silu => x / (1 + Math.Exp(-x)),
                ActivationKind.Softplus => Math.Log(1 + Math.Exp(x)),
                ActivationKind.Gelu => x * (1 + Erf(x / Math.Sqrt(2))) / 2,
                ActivationKind.GeluTanh => x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))) / 2,
                ActivationKind.Sine => Math.Sin(parameter * x),
                _ => throw new InvalidOperationException($"No oracle for {Activation}."),
            };
        }

        private static double Erf(double x)
        {
            double term = x;
            double sum = 0;
            for (int n = 0; n < 200; n++)
            {
                sum += term;
                term *= 2 * x * x / ((2 * n) + 3);
            }
            return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
        }
    }
}
