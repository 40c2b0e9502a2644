namespace HyperKernels.Models;

/// <summary>Which edges of an <see cref="EdgeGraph"/> are left, and how much each counts. Its tensors belong to the scope in which it was made.</summary>
/// <remarks>Dropped edges keep their rows and get weight zero: no structure is built anew, and sums and degrees are those of the smaller graph.</remarks>
public sealed class KeptEdges
{
    private readonly int[] _edges;

    private KeptEdges(EdgeGraph graph, int[] edges, Tensor? scores, Tensor? weights)
    {
        (Graph, _edges, Scores, Weights) = (graph, edges, scores, weights);
        Tensor memberships = Tensor.From(DualTransform.Weights(graph, edges), [3 * graph.EdgeCount], graph.Dual.Device);
        Dual = new Hypergraph(graph.Dual, membershipWeights: memberships);
    }

    /// <summary>The graph with all of its edges.</summary>
    public EdgeGraph Graph { get; }

    /// <summary>The edges that are left, graph by graph, those with the larger scores first.</summary>
    public ReadOnlySpan<int> Edges => _edges;

    /// <summary>What they were chosen by, <c>[E]</c>; null if none was dropped yet.</summary>
    public Tensor? Scores { get; }

    /// <summary>How much each edge counts, <c>[E]</c>: the score of one that is left, from 0 to 1, else 0; null means all count 1. Differentiable in the scores.</summary>
    public Tensor? Weights { get; }

    /// <summary>The dual of the graph with these edges, with loops, see <see cref="DualTransform"/>; edges that were dropped are in no hyperedge of weight.</summary>
    public Hypergraph Dual { get; }

    /// <summary>All edges.</summary>
    public static KeptEdges All(EdgeGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return new KeptEdges(graph, [.. Enumerable.Range(0, graph.EdgeCount)], null, null);
    }

    /// <summary>Keeps the edges with the largest scores of each graph: <c>ceil(ratio * edges)</c> of those that are left; among equals the lower number.</summary>
    /// <param name="scores"><c>[E]</c>. Read back from the device.</param>
    /// <param name="ratio">In (0, 1].</param>
    internal KeptEdges Largest(Tensor scores, double ratio)
    {
        float[] values = scores.ToArray();
        ReadOnlySpan<int> graphs = Graph.GraphOfEdge;
        List<int>[] perGraph = [.. Enumerable.Range(0, Graph.GraphCount).Select(static _ => new List<int>())];
        foreach (int edge in _edges)
        {
            perGraph[graphs[edge]].Add(edge);
        }
        int[] kept = [.. perGraph.SelectMany(edges => edges.OrderByDescending(edge => values[edge]).ThenBy(edge => edge).Take((int)Math.Ceiling(ratio * edges.Count)))];
        float[] mask = new float[Graph.EdgeCount];
        foreach (int edge in kept)
        {
            mask[edge] = 1;
        }
        Tensor weights = Ops.Multiply(Ops.Clamp(scores, 0, 1), Tensor.From(mask, [mask.Length], scores.Device));
        return new KeptEdges(Graph, kept, scores, weights);
    }
}
