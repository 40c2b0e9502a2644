using HyperKernels.Layers;

namespace HyperKernels.Tests.Hypergraphs;

/// <summary>Hypergraphs side by side, and several over the same nodes.</summary>
public sealed class HypergraphBatchTests
{
    [Test]
    public void Batch_Convolution_IsThatOfEachGraphAlone()
    {
        using Hypergraph first = SmallHypergraphs.Plain(1), second = SmallHypergraphs.Plain(2), third = SmallHypergraphs.Plain(3);
        using MemoryScope scope = new();
        // One with weights among others without.
        Hypergraph[] graphs = [first, SmallHypergraphs.Weighted(second, 2), third];
        using HypergraphBatch batch = new(graphs);
        RandomStream random = new(1);
        HypergraphConv layer = new(3, 2, random: random);
        Tensor[] nodes = [.. graphs.Select(graph => Ops.RandomNormal([graph.NodeCount, 3], random))];

        Tensor together = layer.Forward(Ops.Concatenate(0, nodes), batch.Graph);
        Tensor[] alone = [.. graphs.Select((graph, i) => layer.Forward(nodes[i], graph))];
        Assert.That(together.ToArray(), Is.EqualTo(Ops.Concatenate(0, alone).ToArray()).Within(1e-6f));

        Tensor readout = Ops.SegmentMean(together, batch.NodesByGraph, Toward.Edges);
        Assert.That(readout.ToArray(), Is.EqualTo(Ops.Concatenate(0, [.. alone.Select(rows => Ops.Mean(rows, [0]))]).ToArray()).Within(1e-5f));
        Assert.That(batch.Count, Is.EqualTo(3));
        Assert.That(batch.NodeOffsets.ToArray(), Is.EqualTo(new[] { 0, first.NodeCount, first.NodeCount + second.NodeCount, batch.Graph.NodeCount }));
        Assert.That(batch.EdgeOffsets.ToArray(), Is.EqualTo(new[] { 0, first.EdgeCount, first.EdgeCount + second.EdgeCount, batch.Graph.EdgeCount }));
    }

    [Test]
    public void Batch_TypesAndRoles_ComeOneAfterTheOther()
    {
        using Hypergraph first = SmallHypergraphs.Plain(1), second = SmallHypergraphs.Plain(2);
        using MemoryScope scope = new();
        Hypergraph a = SmallHypergraphs.Typed(first), b = SmallHypergraphs.Typed(second);
        using HypergraphBatch batch = new(a, b);

        Assert.That(batch.Graph.NodeTypes!.GroupOfRow.ToArray(), Is.EqualTo((int[])[.. a.NodeTypes!.GroupOfRow, .. b.NodeTypes!.GroupOfRow]));
        Assert.That(batch.Graph.EdgeTypes!.GroupOfRow.ToArray(), Is.EqualTo((int[])[.. a.EdgeTypes!.GroupOfRow, .. b.EdgeTypes!.GroupOfRow]));
        Assert.That(batch.Graph.Roles!.GroupOfRow.ToArray(), Is.EqualTo((int[])[.. a.Roles!.GroupOfRow, .. b.Roles!.GroupOfRow]));
    }

    [Test]
    public void Union_OfTheSameNodes_PutsHyperedgesTogether()
    {
        using Hypergraph first = Hypergraph.FromEdges(4, [[0, 1], []]), second = Hypergraph.FromEdges(4, [[1, 2, 3]]);
        using MemoryScope scope = new();
        using Hypergraph union = Hypergraph.Union(first.WithEdgeWeights(Tensor.From([2f, 3])), second);

        Assert.That(union.Incidence.Nodes.ToArray(), Is.EqualTo(new[] { 0, 1, 1, 2, 3 }));
        Assert.That(union.Incidence.Edges.ToArray(), Is.EqualTo(new[] { 0, 0, 2, 2, 2 }));
        Assert.That(union.EdgeWeights!.Value.ToArray(), Is.EqualTo(new float[] { 2, 3, 1 }));
        Assert.That(union.ToString(), Is.EqualTo("4 nodes, 3 hyperedges, 5 memberships"));
    }

    [Test]
    public void GraphsThatDoNotFit_AreRefused()
    {
        using Hypergraph first = Hypergraph.FromEdges(4, [[0, 1]]), second = Hypergraph.FromEdges(3, [[1, 2]]);
        using MemoryScope scope = new();
        Assert.Multiple(() =>
        {
            Assert.That(() => Hypergraph.Union(first, second), Throws.ArgumentException.With.Message.EqualTo(
                "Union: the graphs must be over the same nodes; got 4 nodes, 1 hyperedges, 2 memberships and 3 nodes, 1 hyperedges, 2 memberships. "
                + "HypergraphBatch puts different nodes beside each other."));
            Assert.That(() => new HypergraphBatch(), Throws.ArgumentException.With.Message.EqualTo("HypergraphBatch: at least one graph is needed."));
            Assert.That(() => new HypergraphBatch(first, second.WithRoles(RowGroups.Of([0, 1], 2))), Throws.ArgumentException.With.Message.EqualTo(
                "HypergraphBatch: roles must be in all graphs or in none, equally many in each; got 0, 2."));
        });
    }
}
