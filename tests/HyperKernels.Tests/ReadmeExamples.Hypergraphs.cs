using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <content>Of hypergraphs.</content>
public sealed partial class ReadmeExamples
{
    [Test]
    public void Hypergraph_TwoConvolutions_GiveARowPerNode()
    {
        using MemoryScope scope = new();
        Tensor features = Ops.RandomNormal([6, 1433], new RandomStream(3));
        // <hypergraph>
        Hypergraph graph = Hypergraph.FromEdges(nodes: 6, [[0, 1, 2], [2, 3], [3, 4, 5]]);
        HypergraphConv first = new(1433, 64), second = new(64, 7);
        Tensor logits = second.Forward(Ops.Relu(first.Forward(features, graph)), graph);    // [6, 7]
        // </hypergraph>
        Assert.That(logits.Shape, Is.EqualTo(new Shape(6, 7)));
        // Nodes 0 and 1 lie in the same hyperedge and no other: a hypergraph convolution cannot tell them apart.
        Assert.That(Ops.Slice(logits, 0, 0, 1).ToArray(), Is.EqualTo(Ops.Slice(logits, 0, 1, 1).ToArray()));
        Assert.That(Ops.Slice(logits, 0, 3, 1).ToArray(), Is.Not.EqualTo(Ops.Slice(logits, 0, 1, 1).ToArray()));
    }

    [Test]
    public void Hypergraph_WeightsAndRoles_AreRowsOfItsStructure()
    {
        using MemoryScope scope = new();
        RandomStream random = new(4);
        Tensor features = Ops.RandomNormal([6, 3], random);
        // <hypergraph_structure>
        // Six nodes, of which 5 is in no hyperedge; four hyperedges, of which 3 is empty; node 2 is in hyperedge 1 twice.
        using Hypergraph pairs = Hypergraph.FromPairs(nodes: 6, edges: 4, nodeIds: [0, 1, 2, 2, 3, 4, 0], edgeIds: [0, 0, 1, 1, 1, 2, 2]);

        // Learned weights of hyperedges, and two roles: the first member of a hyperedge is its tail, the others are heads.
        using Parameter weights = new("weights", [1, 1, 1, 1], [4]);
        Hypergraph graph = pairs
            .WithEdgeWeights(weights.Value)
            .WithRoles(RowGroups.Of([0, 1, 0, 1, 1, 0, 1], groups: 2));

        Tensor perRole = Ops.RandomNormal([2, 8, 3], random);                                     // a matrix for each role
        Tensor members = Ops.NodesToMemberships(features, graph.Incidence);                       // [7, 3]
        Tensor messages = Ops.LinearTyped(members, perRole, graph.Roles!);                        // [7, 8]
        Tensor hyperedges = Ops.SegmentMean(messages, graph.Incidence, Toward.Edges);             // [4, 8], zeros for the empty one
        Tensor nodes = Ops.EdgesToNodes(hyperedges, graph, graph.EdgeWeights, graph.NodeScale);   // [6, 8], zeros for node 5
        // </hypergraph_structure>
        Assert.That(Ops.Slice(hyperedges, 0, 3, 1).ToArray(), Is.All.Zero);
        Assert.That(Ops.Slice(nodes, 0, 5, 1).ToArray(), Is.All.Zero);
        Assert.That(Ops.Slice(nodes, 0, 0, 5).ToArray(), Has.None.Zero);
    }

    [Test]
    public void Hypergraph_Batches_AreDrawnAroundSeeds()
    {
        using MemoryScope scope = new();
        RandomStream random = new(5);
        const int Nodes = 300, Classes = 3;
        using Hypergraph graph = RandomHypergraphs.Blocks([100, 100, 100], size: 4, within: 600, across: 60, random);
        Tensor features = Ops.RandomNormal([Nodes, 8], random);
        int[] labels = [.. Enumerable.Range(0, Nodes).Select(node => node / 100)];
        // <hypergraph_sampling>
        HypergraphConv[] layers = [new(8, 16, random: random), new(16, Classes, random: random)];
        using Adam adam = new([.. layers.SelectMany(layer => layer.Parameters)], learningRate: 0.01f);
        NeighbourSampler sampler = new(graph, edgesPerNode: 5, nodesPerEdge: 3, hops: 2);

        int[] order = new int[Nodes];
        random.FillPermutation(order);
        foreach (int[] seeds in order.Chunk(64))
        {
            using Tape tape = new();
            using SampledHypergraph batch = sampler.Sample(seeds, random);
            Tensor logits = batch.Forward(features, (layer, nodes, hop) =>
                layer == 0 ? Ops.Relu(layers[0].Forward(nodes, hop)) : layers[1].Forward(nodes, hop));    // [seeds, Classes]
            Tensor loss = Ops.CrossEntropy(logits, Tensor.From(Array.ConvertAll(seeds, seed => labels[seed])));
            tape.Backward(loss);
            adam.Step(tape);
        }
        // </hypergraph_sampling>
        Tensor all = layers[1].Forward(Ops.Relu(layers[0].Forward(features, graph)), graph);
        Assert.That(Ops.CrossEntropy(all, Tensor.From(labels)).ToScalar(), Is.LessThan(MathF.Log(Classes)), "the loss of guessing is log 3");
    }

    [Test]
    public void Files_OfHypergraphs_AreReadAndWritten()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string before = Environment.CurrentDirectory;
        // The example reads and writes where it runs.
        Environment.CurrentDirectory = folder.Root;
        try
        {
            File.WriteAllText("scenes.json", """{"incidences": [{"edge": 1, "node": "Valjean", "weight": 2}, {"edge": 1, "node": "Javert"}]}""");
            File.WriteAllText("hypergraph.txt", "0 2\n1\n");
            File.WriteAllText("hypergraph_pos.txt", "1 0\n1\n");
            using MemoryScope scope = new();
            // <files>
            HypergraphData data = HypergraphFile.Read("scenes.json");    // the format is told by name and content
            using Hypergraph graph = data.ToHypergraph();                // with its weights and roles
            Console.WriteLine(data.NodeNames![0]);                       // Valjean
            HypergraphFile.Write("scenes.safetensors", data);            // holds everything; others refuse what they have no place for
            HypergraphData labelled = HyperedgeListFile.Read("hypergraph.txt", new() { MembershipLabelsPath = "hypergraph_pos.txt" });
            // </files>
            Assert.That(graph.MembershipWeights!.Value.ToArray(), Is.EqualTo(new float[] { 2, 1 }));
            Assert.That(HypergraphFile.Read("scenes.safetensors").NodeNames, Is.EqualTo(new[] { "Valjean", "Javert" }));
            Assert.That(labelled.MembershipLabels, Is.EqualTo(new[] { 1, 0, 1 }));
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }
}
