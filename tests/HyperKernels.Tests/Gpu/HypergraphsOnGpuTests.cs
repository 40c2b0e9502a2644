namespace HyperKernels.Tests.Gpu;

/// <summary>Structures are made on the host and their rows on a device: everything that makes one must put both in the right place.</summary>
public sealed class HypergraphsOnGpuTests
{
    [Test]
    public void Structures_OnOpenCL_GiveWhatTheProcessorGives()
    {
        float[] expected = Run(Device.Cpu);
        Assert.That(Run(Gpus.OpenCL), Is.EqualTo(expected).Within(1e-4f));
    }

    // The default device stays what it was: nothing may fall back on it.
    private static float[] Run(Device device)
    {
        using MemoryScope scope = new();
        RandomStream random = new(1);
        int[] types = [.. Enumerable.Range(0, 70).Select(edge => edge % 2)];
        using Hypergraph structure = RandomHypergraphs.Blocks([30, 30], size: 4, within: 50, across: 20, random, device);
        Hypergraph graph = structure.WithEdgeWeights(Ops.RandomUniform([70], random, device: device)).WithEdgeTypes(RowGroups.Of(types, 2, device));
        Tensor x = Ops.RandomNormal([60, 5], random, device: device);
        using Hypergraph nearest = Hypergraph.FromNearest(x, 4), loops = graph.WithSelfLoops(onlyIsolated: true), union = Hypergraph.Union(structure, nearest);
        using MergedHypergraph edges = graph.WithoutRepeatedEdges(MergeRule.Mean), members = union.WithoutRepeatedMembers();
        using Hypergraph adjacency = graph.CliqueProjection().ToAdjacency(), dual = graph.Dual();
        using SubHypergraph part = graph.Neighbourhood([1, 5], hops: 1);
        using HypergraphBatch batch = new(structure, nearest);
        using SampledHypergraph sample = new NeighbourSampler(graph, 3, 2, hops: 2).Sample([1, 2, 3], random);
        Tensor[] rows =
        [
            Ops.NodesToEdges(x, nearest), Ops.EdgesToNodes(Ops.NodesToEdges(x, loops), loops, loops.EdgeScale),
            Ops.NodesToEdges(x, edges.Graph, edgeScale: edges.Graph.EdgeScale), Ops.NodesToEdges(x, members.Graph), Ops.NodesToEdges(x, adjacency),
            Ops.EdgesToNodes(x, dual), part.Nodes.Undo(Ops.EdgesToNodes(Ops.NodesToEdges(part.Nodes.Apply(x), part.Graph), part.Graph)),
            Ops.NodesToEdges(Ops.Concatenate(0, x, x), batch.Graph), sample.Forward(x, (_, nodes, hop) => Ops.EdgesToNodes(Ops.NodesToEdges(nodes, hop), hop)),
        ];
        return [.. rows.SelectMany(row => row.ToArray())];
    }
}
