using System.Collections.Concurrent;

namespace HyperKernels.Cases;

/// <summary>Random numbers, dropout and random projections against a generator of their own in plain integers.</summary>
public static class RandomCases
{
    private const ulong Seed = 0x1234_5678_9ABC_DEF0;
    private const ulong Position = 0xFFFF_FFFE;

    private const int MostDropped = 40_003;

    private static readonly ConcurrentDictionary<(int Count, bool Uniform), double[]> s_matrices = [];

    private static readonly Lazy<uint[]> s_words = new(() => [.. Words(MostDropped)]);

    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All => [.. Draws, .. Permutations, .. Dropouts, .. Projections];

    private static IEnumerable<OpCase> Draws
    {
        get
        {
            foreach (int count in new[] { 0, 1, 3, 4, 1031, 40_003 })
            {
                // The input only brings the device.
                CaseInput[] inputs = [CaseInput.Fixed("device", [], [0])];
                yield return new OpCase
                {
                    Op = "random_uniform",
                    Sizes = $"N={count}",
                    Inputs = inputs,
                    Run = x => Ops.RandomUniform([count], Stream(), -1, 3, x[0].Device),
                    Oracle = _ => new Plain([count], [.. Words(count).Select(word => -1 + (4 * ((word >> 8) / 16777216.0)))]),
                    Flops = count,
                    Bytes = 4.0 * count,
                    Benchmark = count == 40_003,
                };
                yield return new OpCase
                {
                    Op = "random_normal",
                    Sizes = $"N={count}",
                    Inputs = inputs,
                    Run = x => Ops.RandomNormal([count], Stream(), 0.5f, 2, x[0].Device),
                    Oracle = _ => new Plain([count], [.. Normals(count).Select(normal => 0.5 + (2 * normal))]),
                    Flops = 20.0 * count,
                    Bytes = 4.0 * count,
                    Benchmark = count == 40_003,
                };
            }
        }
    }

    // The last two take several tiles of the matrix.
    private static IEnumerable<OpCase> Projections =>
        from sizes in ((int C, int Outputs, int Inputs)[])[(1, 1, 1), (2, 7, 3), (0, 4, 3), (3, 0, 2), (2, 5, 0), (1, 9, 30_011), (2, 10_007, 53)]
        from back in (bool[])[false, true]
        from uniform in (bool[])[false, true]
        where !uniform || sizes.C == 2
        select Projection(sizes.C, sizes.Outputs, sizes.Inputs, back, uniform);

    private static OpCase Projection(int c, int outputs, int inputs, bool back, bool uniform) => new()
    {
        Op = back ? "random_project_back" : "random_project",
        Sizes = $"C={c} N={outputs} M={inputs}{(uniform ? " uniform" : "")}",
        Inputs = [CaseInput.Normal("x", [c, back ? outputs : inputs])],
        Run = x => back ? Ops.RandomProjectBack(x[0], inputs, Stream().State, uniform) : Ops.RandomProject(x[0], outputs, Stream().State, uniform),
        Oracle = x => Projected(x[0], outputs, inputs, back, uniform),
        TwiceDifferentiable = c * outputs * inputs is > 0 and < 100,
        Flops = 2.0 * c * outputs * inputs,
        Bytes = 4.0 * c * (outputs + inputs),
        Benchmark = inputs == 53,
    };

    private static IEnumerable<OpCase> Permutations => new[] { 0, 1, 2, 5, 1031 }.Select(count => new OpCase
    {
        Op = "permutation",
        Sizes = $"N={count}",
        Inputs = [CaseInput.Fixed("device", [], [0])],
        Run = x => Ops.Permutation(count, Stream(), x[0].Device),
        Oracle = _ => Shuffled(count),
        Bytes = 4.0 * count,
    });

    private static IEnumerable<OpCase> Dropouts
    {
        get
        {
            (Shape Shape, float Probability)[] sizes = [([0], 0.5f), ([1], 0.5f), ([5, 7], 0.25f), ([3, 11, 2], 0.9f), ([17], 0), ([17], 1), ([MostDropped], 0.1f)];
            foreach ((Shape shape, float probability) in sizes)
            {
                int count = (int)shape.Count;
                yield return new OpCase
                {
                    Op = "dropout",
                    Sizes = $"X={shape} p={probability}",
                    Inputs = [CaseInput.Normal("x", shape)],
                    Run = x => Ops.Dropout(x[0], probability, Stream()),
                    Oracle = x => Dropped(x[0], probability),
                    TwiceDifferentiable = count is > 0 and < 100,
                    Flops = count,
                    Bytes = 8.0 * count,
                    Benchmark = count == 40_003,
                };
            }
        }
    }

    /// <summary>The stream that the rows draw from.</summary>
    internal static RandomStream Stream() => new(new RandomState(Seed, Position));

    /// <summary>What dropout lets through of values when it draws from <see cref="Stream"/>.</summary>
    internal static Plain Dropped(Plain x, float probability)
    {
        // Once for the many runs of the oracle that differences take.
        uint[] words = s_words.Value;
        return Indexing.Map(x.Shape, i => words[i] < probability * 4294967296.0 ? 0 : x[i] / (1 - probability));
    }

    private static Plain Projected(Plain x, int outputs, int inputs, bool back, bool uniform)
    {
        // Once for the many runs of the oracle that differences take.
        double[] matrix = s_matrices.GetOrAdd((outputs * inputs, uniform), static key => [.. key.Uniform
            ? Words(key.Count).Select(word => Math.Sqrt(3) * ((2 * ((word >> 8) / 16777216.0)) - 1))
            : Normals(key.Count)]);
        Plain y = new(x.Shape[0], back ? inputs : outputs);
        for (int c = 0; c < x.Shape[0]; c++)
        {
            for (int at = 0; at < matrix.Length; at++)
            {
                (int row, int column) = (at / inputs, at % inputs);
                (int to, int from) = back ? (column, row) : (row, column);
                y[c, to] += matrix[at] * x[c, from];
            }
        }
        return y;
    }

    // Box and Muller on the float that the word becomes.
    private static IEnumerable<double> Normals(int count)
    {
        uint[] words = [.. Words(count + 1)];
        for (int i = 0; i < count; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log((float)((words[i & ~1] + 0.5) / 4294967296.0)));
            double angle = 2 * Math.PI * words[i | 1] / 4294967296.0;
            yield return radius * ((i & 1) == 0 ? Math.Cos(angle) : Math.Sin(angle));
        }
    }

    // Fisher and Yates from the end on, place i by a number of 64 bits scaled to i + 1.
    private static Plain Shuffled(int count)
    {
        uint[] words = [.. Words(2 * count)];
        Plain order = new([count], [.. Enumerable.Range(0, count).Select(i => (double)i)]);
        for (int i = count - 1; i > 0; i--)
        {
            UInt128 bits = ((ulong)words[(2 * i) + 1] << 32) | words[2 * i];
            int pick = (int)(ulong)((bits * ((UInt128)i + 1)) >> 64);
            (order[i], order[pick]) = (order[pick], order[i]);
        }
        return order;
    }

    // Philox4x32-10 as its paper writes it: a round replaces (L0, R0, L1, R1) in one go.
    private static IEnumerable<uint> Words(int count)
    {
        for (int first = 0; first < count; first += 4)
        {
            ulong block = Position + (ulong)(first / 4);
            ulong[] counter = [block & 0xFFFF_FFFF, block >> 32, 0, 0];
            for (ulong round = 0; round < 10; round++)
            {
                ulong low = ((Seed & 0xFFFF_FFFF) + (round * 0x9E3779B9)) & 0xFFFF_FFFF;
                ulong high = ((Seed >> 32) + (round * 0xBB67AE85)) & 0xFFFF_FFFF;
                ulong a = counter[0] * 0xD2511F53;
                ulong b = counter[2] * 0xCD9E8D57;
                counter = [(b >> 32) ^ counter[1] ^ low, b & 0xFFFF_FFFF, (a >> 32) ^ counter[3] ^ high, a & 0xFFFF_FFFF];
            }
            for (int word = 0; word < 4 && first + word < count; word++)
            {
                yield return (uint)counter[word];
            }
        }
    }
}
