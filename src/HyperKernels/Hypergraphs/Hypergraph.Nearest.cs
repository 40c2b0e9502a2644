namespace HyperKernels;

public sealed partial class Hypergraph
{
    // Distances of so many pairs at once: 16 MiB of them.
    private const int DistancesAtOnce = 1 << 22;

    /// <summary>
    /// Builds a hypergraph of neighbourhoods: hyperedge v holds node v and the k - 1 nodes nearest to it, as weights
    /// <c>h = exp(-d^2 / (softness * mean d)^2)</c>, with the mean over the distances of v to all nodes, itself included.
    /// </summary>
    /// <param name="features">A row per node, <c>[N, F]</c>.</param>
    /// <param name="k">Members of each hyperedge, from 1 to N; HGNN takes 10.</param>
    /// <param name="softness">m; null gives a hypergraph without weights.</param>
    /// <returns>
    /// N nodes and N hyperedges, on the device of the features; node v comes first in hyperedge v, then the others by distance, among equals the lower number first.
    /// </returns>
    /// <exception cref="ArgumentException">features is not <c>[N, F]</c> of floats, k is not from 1 to N, or softness is not above 0.</exception>
    /// <remarks>
    /// Compares all pairs, a block of nodes at a time: N^2 F multiplications and memory for N rows of a block. The structure and its weights have no gradient.
    /// Several modalities: <c>Hypergraph.Union(Hypergraph.FromNearest(a, 10), Hypergraph.FromNearest(b, 10))</c>.
    /// Source: Feng, You, Zhang, Ji, Gao, Hypergraph Neural Networks, AAAI 2019, section "Hypergraph construction"; the soft incidence is that of the authors' code.
    /// </remarks>
    public static Hypergraph FromNearest(Tensor features, int k, float? softness = 1)
    {
        Ops.CheckFloat("FromNearest", features);
        if (features.Rank != 2 || k < 1 || k > features.Shape[0])
        {
            Throw.Argument($"FromNearest: features must be [N, F] and k from 1 to N; got features {features.Shape} and k = {k}.");
        }
        if (softness is { } given && !(given > 0))
        {
            Throw.Argument($"FromNearest: softness must be above 0, or null; got {given}.");
        }
        int nodes = features.Shape[0];
        Incidence.CheckMemberships((long)nodes * k);
        int[] members = new int[nodes * k];
        int[] edges = new int[nodes * k];
        float[] weights = new float[nodes * k];
        using (MemoryScope scope = new())
        {
            // About the mean: distances are differences of squares, which lose what is far from the origin.
            Tensor centred = features - Ops.Mean(features, [0], keepAxes: true);
            int block = Math.Max(1, DistancesAtOnce / nodes);
            for (int first = 0; first < nodes; first += block)
            {
                int count = Math.Min(block, nodes - first);
                Nearest(centred, first, count, k, softness ?? 1, members.AsSpan(first * k, count * k), weights.AsSpan(first * k, count * k));
            }
        }
        for (int pair = 0; pair < edges.Length; pair++)
        {
            edges[pair] = pair / k;
        }
        Device device = features.Device;
        HypergraphRows rows = new() { MembershipWeights = softness is null ? null : Tensor.From(weights, [weights.Length], device) };
        return new Hypergraph(Incidence.FromPairs(nodes, nodes, members, edges, device), rows, ownsIncidence: true);
    }

    private static void Nearest(Tensor x, int first, int count, int k, float softness, Span<int> members, Span<float> weights)
    {
        using MemoryScope scope = new();
        Device device = x.Device;
        Tensor distances = SquaredDistances(x, first, count);
        float[] means = Ops.Mean(Ops.Sqrt(distances), [1]).ToArray();
        int[] own = [.. Enumerable.Range(first, count)];
        // A node is the nearest to itself, whatever rounding and doubles of it say.
        Tensor nearness = Ops.Where(Ops.OneHot(Tensor.From(own, [count], device), x.Shape[0]), Tensor.Ones([], device), -distances);
        (Tensor values, Tensor indices) = Ops.TopK(nearness, k);
        indices.CopyTo(members);
        values.CopyTo(weights);
        for (int i = 0; i < weights.Length; i++)
        {
            float width = softness * means[i / k];
            // Where all nodes are one point, none is farther than another.
            weights[i] = i % k == 0 || width == 0 ? 1 : MathF.Exp(weights[i] / (width * width));
        }
    }

    // |x_i|^2 + |x_j|^2 - 2 <x_i, x_j>: [count, N].
    private static Tensor SquaredDistances(Tensor x, int first, int count)
    {
        Tensor rows = Ops.Slice(x, 0, first, count);
        Tensor squares = Ops.Sum(Ops.Square(rows), [1], keepAxes: true) + Ops.Sum(Ops.Square(x), [1]);
        return Ops.Relu(squares - (2 * Ops.Matmul(rows, x, transposeB: true)));
    }
}
