namespace HyperKernels.Models;

/// <summary>
/// Which number of a bank each weight of several tensors reads, and with which sign: <c>W_l[i] = G_l[i] M[h_l(i)]</c>. The gradient adds up what each number's readers say in
/// an order that the map alone decides: the same bits at every run.
/// </summary>
public sealed class BankMapping : IDisposable
{
    // Signs come from another key than places.
    private const ulong SignKey = 0x9E3779B97F4A7C15;

    private readonly int[] _counts;
    private Incidence _readers;

    /// <summary>Takes a map that is given.</summary>
    /// <param name="bank">The numbers of the bank.</param>
    /// <param name="indices">For each tensor the number that each of its weights reads.</param>
    /// <param name="negative">For each weight whether it reads it with the other sign.</param>
    /// <exception cref="ArgumentException">The lengths differ, or an index is out of range.</exception>
    public BankMapping(int bank, IReadOnlyList<int[]> indices, IReadOnlyList<bool[]> negative)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(negative);
        if (bank < 1 || indices.Count != negative.Count || indices.Zip(negative).Any(static pair => pair.First.Length != pair.Second.Length))
        {
            throw new ArgumentException($"BankMapping: every index needs a sign, and the bank at least one number; got {bank}, {indices.Count} and {negative.Count} tensors.");
        }
        if (indices.Any(tensor => tensor.Any(index => (uint)index >= (uint)bank)))
        {
            throw new ArgumentException($"BankMapping: indices must be from 0 to {bank - 1}.", nameof(indices));
        }
        Bank = bank;
        _counts = [.. indices.Select(static tensor => tensor.Length)];
        // The bank is read beside its negative. An incidence keeps its places on the device.
        int[] nodes = [.. indices.Zip(negative).SelectMany(pair => pair.First.Zip(pair.Second, (index, isNegative) => isNegative ? bank + index : index))];
        _readers = Incidence.FromPairs(2 * bank, 1, nodes, new int[nodes.Length]);
    }

    /// <summary>The numbers of the bank.</summary>
    public int Bank { get; }

    /// <summary>Makes a map from a seed.</summary>
    /// <param name="map">What kind.</param>
    /// <param name="bank">The numbers m of the bank.</param>
    /// <param name="counts">The weights of each tensor.</param>
    /// <param name="chunk">The weights of a run; read for <see cref="BankMap.Chunk"/> alone.</param>
    /// <param name="seed">Where it comes from.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or a run is longer than the bank.</exception>
    public static BankMapping Hashed(BankMap map, int bank, IReadOnlyList<int> counts, int chunk = 1, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(counts);
        int run = map switch
        {
            BankMap.Independent => 1,
            BankMap.Chunk => chunk,
            _ => bank,
        };
        if (bank < 1 || run < 1 || run > bank || counts.Any(static count => count < 0))
        {
            throw new ArgumentException($"BankMapping: the bank must have a number at least, and runs of 1 to {bank}; got a bank of {bank} and runs of {run}.", nameof(chunk));
        }
        int total = checked(counts.Sum());
        float[] signs = new float[total];
        new RandomStream(seed ^ SignKey).FillUniform(signs);
        RandomStream places = new(seed);
        int[][] indices = [.. counts.Select(static count => new int[count])];
        bool[][] negative = [.. counts.Select(static count => new bool[count])];
        // A fold runs over all tensors; other runs begin anew with each.
        int[] starts = map == BankMap.RandomFold ? Starts(places, (total + bank - 1) / bank, bank) : [];
        int first = 0;
        for (int l = 0; l < indices.Length; l++)
        {
            int[] own = map == BankMap.RandomFold ? starts : Starts(places, (counts[l] + run - 1) / run, bank - run + 1);
            int offset = map == BankMap.RandomFold ? first : 0;
            for (int i = 0; i < counts[l]; i++)
            {
                (int which, int inside) = Math.DivRem(offset + i, run);
                indices[l][i] = (int)(((long)own[which] + inside) % bank);
                negative[l][i] = signs[first + i] < 0.5f;
            }
            first += counts[l];
        }
        return new BankMapping(bank, indices, negative);
    }

    /// <summary>Reads the bank.</summary>
    /// <param name="bank">M, <c>[m]</c>.</param>
    /// <returns>The weights of each tensor, flat; their gradient adds up in the bank.</returns>
    /// <exception cref="ArgumentException">The bank has another shape.</exception>
    public Tensor[] Gather(Tensor bank)
    {
        if (bank.Shape != new Shape(Bank))
        {
            throw new ArgumentException($"BankMapping: the bank must be [{Bank}]; got {bank.Shape}.", nameof(bank));
        }
        if (!ReferenceEquals(_readers.Device, bank.Device))
        {
            _readers = _readers.To(bank.Device);
        }
        Tensor both = Ops.Concatenate(0, bank, Ops.Neg(bank));
        // Single numbers: rows of an index are read and added up several times as fast as an incidence's memberships.
        return Ops.Split(Ops.GatherRows(both, _readers.NodeOfMembership), 0, _counts);
    }

    /// <summary>The bank itself, whose gradient is multiplied number by number on the way back.</summary>
    /// <param name="bank">M, <c>[m]</c>.</param>
    /// <param name="change">The factors less one, <c>[m]</c>.</param>
    /// <returns>The bank, to the bit.</returns>
    public static Tensor WithGradient(Tensor bank, Tensor change)
    {
        Tensor more = Ops.Multiply(bank, Ops.Detach(change));
        return Ops.Add(bank, Ops.Subtract(more, Ops.Detach(more)));
    }

    /// <summary>How many weights read each number.</summary>
    public int[] UseCounts()
    {
        int[] uses = new int[Bank];
        foreach (int node in _readers.Nodes)
        {
            uses[node % Bank]++;
        }
        return uses;
    }

    /// <summary>What the bank's gradient is multiplied by: one over what a <see cref="BankGradient"/> says, with 1e-6 added.</summary>
    /// <param name="gradient">By what it is divided.</param>
    /// <param name="scales">The tensors' lambdas.</param>
    /// <returns>A factor for each number.</returns>
    /// <exception cref="ArgumentException">There is another number of scales than of tensors.</exception>
    public float[] GradientFactors(BankGradient gradient, IReadOnlyList<float> scales)
    {
        ArgumentNullException.ThrowIfNull(scales);
        if (scales.Count != _counts.Length)
        {
            throw new ArgumentException($"BankMapping: a scale for each of {_counts.Length} tensors is needed; got {scales.Count}.", nameof(scales));
        }
        const double Never = 1e-3;
        const double Smallest = 1e-6;
        double[] sums = new double[Bank];
        double[] squares = new double[Bank];
        int at = 0;
        for (int l = 0; l < _counts.Length; l++)
        {
            for (int i = 0; i < _counts[l]; i++)
            {
                int number = _readers.Nodes[at++] % Bank;
                sums[number] += scales[l];
                squares[number] += (double)scales[l] * scales[l];
            }
        }
        int[] uses = UseCounts();
        return [.. Enumerable.Range(0, Bank).Select(j => gradient == BankGradient.None ? 1 : (float)(1 / (Smallest + (gradient switch
        {
            BankGradient.SquareOfSum => sums[j] * sums[j] / (Never + uses[j]),
            BankGradient.Sum => sums[j],
            BankGradient.Mean => sums[j] / (Never + uses[j]),
            BankGradient.RootOfSquares => Math.Sqrt(squares[j]),
            _ => squares[j],
        }))))];
    }

    /// <summary>Ends the map's tensors.</summary>
    public void Dispose() => _readers.Dispose();

    // Each from 0 to below the bound; two draws make one of 48 bits.
    private static int[] Starts(RandomStream random, int count, int bound)
    {
        const double Fine = 1.0 / (1 << 24);
        float[] draws = new float[2 * count];
        random.FillUniform(draws);
        return [.. Enumerable.Range(0, count).Select(i => Math.Min(bound - 1, (int)((draws[2 * i] + (Fine * draws[(2 * i) + 1])) * bound)))];
    }
}
