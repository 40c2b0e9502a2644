namespace HyperKernels.Models;

/// <summary>
/// A graph with types of nodes and relations between them, prepared for layers with a matrix for each type and relation. Nodes stand type by type: first those of type 0.
/// Immutable.
/// </summary>
/// <remarks>
/// Made once for a graph; layers read it in every pass. What a relation says of a source is computed once for all edges of that relation that come from it. Index tensors
/// of the types belong to the scope in which the graph is made.
/// </remarks>
public sealed class TypedGraph : IDisposable
{
    private readonly int[] _offsets;

    /// <summary>Prepares a graph.</summary>
    /// <param name="nodesOfType">How many nodes there are of every type.</param>
    /// <param name="relations">The relations; edges count in this order, those of a relation in theirs.</param>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">There is no type or no relation, or an edge has a type or a node that there is not.</exception>
    public TypedGraph(IReadOnlyList<int> nodesOfType, IReadOnlyList<Relation> relations, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(nodesOfType);
        ArgumentNullException.ThrowIfNull(relations);
        if (nodesOfType.Count == 0 || relations.Count == 0)
        {
            throw new ArgumentException($"TypedGraph: there must be a type and a relation at least; got {nodesOfType.Count} types and {relations.Count} relations.");
        }
        if (nodesOfType.Any(static count => count < 0) || nodesOfType.Sum(static count => (long)count) > Array.MaxLength)
        {
            throw new ArgumentException(
                $"TypedGraph: every type needs 0 nodes or more, {Array.MaxLength} in all at most; got [{string.Join(", ", nodesOfType.Take(20))}].", nameof(nodesOfType));
        }
        _ = Throw.IfAnyNull("TypedGraph", relations);
        _offsets = new int[nodesOfType.Count + 1];
        for (int type = 0; type < nodesOfType.Count; type++)
        {
            _offsets[type + 1] = _offsets[type] + nodesOfType[type];
        }
        NodeTypes = RowGroups.Of([.. nodesOfType.SelectMany(static (count, type) => Enumerable.Repeat(type, count))], nodesOfType.Count, device);
        Dictionary<(int Relation, int Source), int> rows = [];
        List<int> rowOfEdge = [];
        List<int> target = [];
        List<int> relationOfEdge = [];
        for (int r = 0; r < relations.Count; r++)
        {
            Check(r, relations[r], nodesOfType);
            // Rows of a relation stand together: those of the relations before it are complete.
            for (int e = 0; e < relations[r].Sources.Count; e++)
            {
                (int, int) key = (r, _offsets[relations[r].SourceType] + relations[r].Sources[e]);
                rowOfEdge.Add(rows.TryGetValue(key, out int row) ? row : rows[key] = rows.Count);
                target.Add(_offsets[relations[r].TargetType] + relations[r].Targets[e]);
                relationOfEdge.Add(r);
            }
        }
        int[] sources = new int[rows.Count];
        RelationOfRow = new int[rows.Count];
        foreach (((int relation, int source), int row) in rows)
        {
            (sources[row], RelationOfRow[row]) = (source, relation);
        }
        Relations = relations.Count;
        Edges = Incidence.FromPairs(_offsets[^1], rows.Count, [.. target], [.. rowOfEdge], device);
        TypeOfNode = Tensor.From(NodeTypes.GroupOfRow, [NodeCount], device);
        SourceOfRow = Tensor.From(sources, [sources.Length], device);
        RelationOfEdge = Tensor.From([.. relationOfEdge], [relationOfEdge.Count], device);
    }

    /// <summary>The number of nodes of all types.</summary>
    public int NodeCount => _offsets[^1];

    /// <summary>The number of types.</summary>
    public int Types => _offsets.Length - 1;

    /// <summary>The number of relations.</summary>
    public int Relations { get; }

    /// <summary>The number of edges of all relations.</summary>
    public int EdgeCount => Edges.MembershipCount;

    /// <summary>The type of each node; nodes stand in its order.</summary>
    public RowGroups NodeTypes { get; }

    /// <summary>Which rows of sources meet in a target: a hyperedge is a row, one for every pair of a relation and a source in it; a membership is an edge.</summary>
    internal Incidence Edges { get; }

    /// <summary>The type of each node.</summary>
    internal Tensor TypeOfNode { get; }

    /// <summary>The node of each row.</summary>
    internal Tensor SourceOfRow { get; }

    /// <summary>The relation of each row, ascending.</summary>
    internal int[] RelationOfRow { get; }

    /// <summary>The relation of each edge.</summary>
    internal Tensor RelationOfEdge { get; }

    /// <summary>The rows of one type's nodes.</summary>
    /// <param name="rows">A row per node.</param>
    /// <param name="type">Which type.</param>
    /// <exception cref="ArgumentException">There is no such type, or there is not a row per node.</exception>
    public Tensor RowsOf(Tensor rows, int type)
    {
        if (type < 0 || type >= Types || rows.Rank == 0 || rows.Shape[0] != NodeCount)
        {
            throw new ArgumentException($"TypedGraph: there are {Types} types and {NodeCount} nodes; got type {type} and rows {rows.Shape}.");
        }
        return Ops.Slice(rows, 0, _offsets[type], _offsets[type + 1] - _offsets[type]);
    }

    /// <summary>Disposes of what was built.</summary>
    public void Dispose() => Edges.Dispose();

    /// <summary>The counts: <c>2 types, 5 nodes, 3 relations, 10 edges</c>.</summary>
    public override string ToString() => $"{Types} types, {NodeCount} nodes, {Relations} relations, {EdgeCount} edges";

    private static void Check(int number, Relation relation, IReadOnlyList<int> nodesOfType)
    {
        (int source, int target) = (relation.SourceType, relation.TargetType);
        if (source < 0 || source >= nodesOfType.Count || target < 0 || target >= nodesOfType.Count || relation.Sources.Count != relation.Targets.Count)
        {
            throw new ArgumentException(
                $"TypedGraph: relation {number} must lead from one of {nodesOfType.Count} types to another, with a source and a target for every edge; "
                + $"it leads from {source} to {target}, with {relation.Sources.Count} sources and {relation.Targets.Count} targets.");
        }
        int lost = Enumerable.Range(0, relation.Sources.Count).FirstOrDefault(
            e => (uint)relation.Sources[e] >= (uint)nodesOfType[source] || (uint)relation.Targets[e] >= (uint)nodesOfType[target], -1);
        if (lost >= 0)
        {
            throw new ArgumentException(
                $"TypedGraph: edge {lost} of relation {number} must join nodes below {nodesOfType[source]} and {nodesOfType[target]}; "
                + $"it joins {relation.Sources[lost]} and {relation.Targets[lost]}.");
        }
    }
}
