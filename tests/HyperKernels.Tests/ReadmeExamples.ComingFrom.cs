using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <content>Of the pages for those who come from other libraries.</content>
public sealed partial class ReadmeExamples
{
    [Test]
    public void FromFunctionalCall_EveryRowIsReadByItsOwnWeights()
    {
        using MemoryScope scope = new();
        Tensor rows = Ops.RandomNormal([2, 3], new RandomStream(5));
        // <fromFunctionalCall>
        Linear model = new(3, 2);
        Tensor stacked = Ops.Stack(0, model.Weight.OwnValue, Ops.Neg(model.Weight.OwnValue));     // [2, 2, 3]: two weight sets
        Tensor both;
        using (ParameterOverrides.Use(new Dictionary<Parameter, Tensor> { [model.Weight] = stacked }))
        {
            both = model.Forward(rows);                      // [2, 3] in, [2, 2] out: each row by its own set, in one product
        }
        // </fromFunctionalCall>
        float[] plain = Ops.Subtract(model.Forward(rows), model.Bias!.OwnValue).ToArray();
        float[] sets = Ops.Subtract(both, model.Bias.OwnValue).ToArray();
        Assert.That(sets[..2], Is.EqualTo(plain[..2]).Within(1e-6f));
        Assert.That(sets[2..], Is.EqualTo(plain[2..].Select(static value => -value)).Within(1e-6f));
    }

    [Test]
    public void FromTorchSharp_Trains()
    {
        using MemoryScope scope = new();
        Tensor inputs = Ops.RandomNormal([64, 2], new RandomStream(6));
        Tensor targets = Ops.Multiply(Ops.Slice(inputs, 1, 0, 1), Ops.Slice(inputs, 1, 1, 1));
        // <fromTorchSharp>
        using Sequential network = [new Linear(2, 16), new Tanh(), new Linear(16, 1)];
        using Adam optimizer = new(network.Parameters, learningRate: 0.02f);
        for (int step = 0; step < 200; step++)
        {
            using Tape tape = new();                                                  // owns what is made here, as a dispose scope does
            Tensor loss = Ops.MeanSquaredError(network.Forward(inputs), targets);
            tape.Backward(loss);
            optimizer.Step(tape);
        }
        // </fromTorchSharp>
        float variance = Ops.Variance(targets, [0, 1]).ToScalar();
        Assert.That(Ops.MeanSquaredError(network.Forward(inputs), targets).ToScalar(), Is.LessThan(0.3f * variance));
    }

    [Test]
    public void FromPyg_GivesTheEquation()
    {
        using MemoryScope scope = new();
        Tensor features = Ops.RandomNormal([5, 16], new RandomStream(7));
        // <fromPyg>
        // hyperedge_index = [[0, 1, 2, 2, 3, 4], [0, 0, 0, 1, 1, 1]]
        using Hypergraph graph = Hypergraph.FromPairs(nodes: 5, edges: 2, nodeIds: [0, 1, 2, 2, 3, 4], edgeIds: [0, 0, 0, 1, 1, 1]);
        // torch_geometric.nn.HypergraphConv(16, 8)
        HypergraphAttentionConv conv = new(16, 8, new() { Attention = HypergraphAttention.None });
        Tensor convolved = conv.Forward(features, graph);                // D^-1 H W B^-1 H^T X Theta: [5, 8]
        // </fromPyg>
        Tensor projected = Ops.Linear(features, conv.Parameters.Single(static parameter => parameter.Shape.Rank == 2).OwnValue);
        Tensor edges = Ops.SegmentMean(Ops.NodesToMemberships(projected, graph.Incidence), graph.Incidence, Toward.Edges);
        Tensor nodes = Ops.SegmentMean(Ops.EdgesToMemberships(edges, graph.Incidence), graph.Incidence, Toward.Nodes);
        Assert.That(convolved.ToArray(), Is.EqualTo(nodes.ToArray()).Within(1e-5f));
    }

    [Test]
    public void FromDhg_MeansAreThoseOfMembers()
    {
        using MemoryScope scope = new();
        Tensor vertices = Ops.RandomNormal([5, 8], new RandomStream(8));
        // <fromDhg>
        // hg = dhg.Hypergraph(5, [(0, 1, 2), (2, 3, 4)]); out = HGNNPConv(8, 4)(X, hg)
        using Hypergraph hg = Hypergraph.FromEdges(nodes: 5, [[0, 1, 2], [2, 3, 4]]);
        HgnnPlusConv layer = new(8, 4);
        Tensor smoothed = layer.Forward(vertices, hg);                   // [5, 4]
        Tensor means = Ops.SegmentMean(Ops.NodesToMemberships(vertices, hg.Incidence), hg.Incidence, Toward.Edges);     // hg.v2e(X, aggr="mean")
        // </fromDhg>
        Assert.That(smoothed.Shape, Is.EqualTo(new Shape(5, 4)));
        Assert.That(Ops.Slice(means, 0, 0, 1).ToArray(), Is.EqualTo(Ops.Mean(Ops.Slice(vertices, 0, 0, 3), [0]).ToArray()).Within(1e-6f));
    }
}
