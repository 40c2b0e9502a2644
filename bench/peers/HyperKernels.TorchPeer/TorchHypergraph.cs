using TorchSharp;

namespace HyperKernels.TorchPeer;

/// <summary>A random hypergraph, and its sums the two ways in which libraries on libtorch write them: rows gathered and added by index, and sparse matrices.</summary>
internal sealed class TorchHypergraph
{
    private readonly long _nodeCount;
    private readonly long _edgeCount;

    public TorchHypergraph(Letters s)
    {
        (_nodeCount, _edgeCount) = (s["N"], s["E"]);
        Nodes = torch.randint(_nodeCount, [s["M"]], torch.int64);
        // Hyperedge after hyperedge, as files list them.
        Edges = torch.randint(_edgeCount, [s["M"]], torch.int64).sort().Values;
        NodeDegrees = torch.bincount(Nodes, minlength: _nodeCount).to(torch.float32).clamp_min(1);
        EdgeSizes = torch.bincount(Edges, minlength: _edgeCount).to(torch.float32).clamp_min(1);
    }

    /// <summary>Of every membership.</summary>
    public torch.Tensor Nodes { get; }

    /// <summary>Of every membership.</summary>
    public torch.Tensor Edges { get; }

    /// <summary>At least 1.</summary>
    public torch.Tensor NodeDegrees { get; }

    /// <summary>At least 1.</summary>
    public torch.Tensor EdgeSizes { get; }

    /// <summary>Sums over members, of nodes and of hyperedges scaled by factors of their own.</summary>
    public Func<torch.Tensor, torch.Tensor> ToEdges(Sums sums, torch.Tensor? nodeScale, torch.Tensor? edgeScale) =>
        Scaled(sums, Nodes, Edges, _nodeCount, _edgeCount, nodeScale, edgeScale);

    /// <summary>The same back.</summary>
    public Func<torch.Tensor, torch.Tensor> ToNodes(Sums sums, torch.Tensor? edgeScale, torch.Tensor? nodeScale) =>
        Scaled(sums, Edges, Nodes, _edgeCount, _nodeCount, edgeScale, nodeScale);

    /// <summary>Rows of memberships summed in their hyperedges.</summary>
    public torch.Tensor AddToEdges(torch.Tensor rows) => Add(rows, Edges, _edgeCount);

    /// <summary>Rows of memberships summed at their nodes.</summary>
    public torch.Tensor AddToNodes(torch.Tensor rows) => Add(rows, Nodes, _nodeCount);

    /// <summary>Softmax of scores of memberships, [M, heads], in their hyperedges.</summary>
    public torch.Tensor SoftmaxInEdges(torch.Tensor scores) => Softmax(scores, Edges, _edgeCount);

    /// <summary>Softmax of scores of memberships, [M, heads], at their nodes.</summary>
    public torch.Tensor SoftmaxAtNodes(torch.Tensor scores) => Softmax(scores, Nodes, _nodeCount);

    /// <summary>Of every hyperedge, over its members.</summary>
    public torch.Tensor MeanDegrees() => (AddToEdges(NodeDegrees.index_select(0, Nodes).unsqueeze(1)).squeeze(1) / EdgeSizes).clamp_min(1);

    /// <summary>A sparse matrix as HyperGCN's: two members of every hyperedge are linked, and both to all others; any two, as the time does not depend on which.</summary>
    public torch.Tensor FurthestMembers()
    {
        (long[] nodes, long[] edges) = (Nodes.data<long>().ToArray(), Edges.data<long>().ToArray());
        List<long> from = [.. LongRange(_nodeCount)], to = [.. LongRange(_nodeCount)];
        foreach (long[] members in nodes.Zip(edges).GroupBy(static pair => pair.Second, static pair => pair.First).Select(static group => group.Distinct().ToArray()))
        {
            for (int first = 0; first < Math.Min(2, members.Length); first++)
            {
                foreach (long other in members.Skip(first + 1))
                {
                    from.AddRange([members[first], other]);
                    to.AddRange([other, members[first]]);
                }
            }
        }
        return Sparse(torch.tensor(to), torch.tensor(from), torch.rand(from.Count), _nodeCount, _nodeCount);

        static IEnumerable<long> LongRange(long count) => Enumerable.Range(0, (int)count).Select(static i => (long)i);
    }

    // What is scaled is folded into the matrix, once; beside gathered rows it costs a pass of its own.
    private static Func<torch.Tensor, torch.Tensor> Scaled(
        Sums sums, torch.Tensor from, torch.Tensor to, long fromCount, long toCount, torch.Tensor? fromScale, torch.Tensor? toScale)
    {
        if (sums == Sums.Gathered)
        {
            return x =>
            {
                torch.Tensor scaled = fromScale is null ? x : x * fromScale.unsqueeze(1);
                torch.Tensor added = Add(scaled.index_select(0, from), to, toCount);
                return toScale is null ? added : added * toScale.unsqueeze(1);
            };
        }
        torch.Tensor values = torch.ones(from.shape[0]);
        values = fromScale is null ? values : values * fromScale[from];
        values = toScale is null ? values : values * toScale[to];
        torch.Tensor matrix = Sparse(to, from, values, toCount, fromCount);
        return x => torch.mm(matrix, x);
    }

    // In order, each place once: what a product of sparse matrices is, here with the identity.
    private static torch.Tensor Sparse(torch.Tensor rows, torch.Tensor columns, torch.Tensor values, long rowCount, long columnCount)
    {
        torch.Tensor each = torch.arange(columnCount);
        torch.Tensor identity = torch.sparse_coo_tensor(torch.stack([each, each]), torch.ones(columnCount), [columnCount, columnCount]);
        return torch.mm(torch.sparse_coo_tensor(torch.stack([rows, columns]), values, [rowCount, columnCount]), identity);
    }

    // As PyG writes it: the index of a row is expanded over its columns, which libtorch knows for what it is.
    private static torch.Tensor Add(torch.Tensor rows, torch.Tensor to, long count)
    {
        long[] shape = rows.shape;
        torch.Tensor flat = rows.reshape(shape[0], -1);
        torch.Tensor added = torch.zeros(count, flat.shape[1]).scatter_add(0, to.unsqueeze(1).expand(flat.shape), flat);
        shape[0] = count;
        return added.view(shape);
    }

    private static torch.Tensor Softmax(torch.Tensor scores, torch.Tensor to, long count)
    {
        // Softmax does not change when one number is taken off all scores. That of a set would be its largest, which this library's wrapper cannot find; the largest of all
        // is found sooner.
        torch.Tensor largest = scores.detach().max();
        torch.Tensor powers = (scores - largest).exp();
        return powers / Add(powers, to, count).index_select(0, to);
    }
}
