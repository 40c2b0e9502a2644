using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class UniGnnTests
{
    private const int Heads = 2;
    private const int Out = 3;

    [Test]
    public void Forward_OfEveryKind_EqualsLoops([Values] UniKind kind, [Values] SetAggregation aggregate, [Values] bool rowNorm)
    {
        using MemoryScope scope = new();
        using Hypergraph plain = GraphLoops.Awkward();
        Tensor w = Tensor.From([2f, 0.5f, 1, 3, 0.25f]);
        Tensor h = Tensor.From([1f, 0.5f, 2, 1, 1.5f, 1, 0.75f, 1, 2]);
        using Hypergraph graph = plain.WithEdgeWeights(w).WithMembershipWeights(h);
        using UniConv layer = Make(kind, aggregate, rowNorm);
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));

        double[][] rows = GraphLoops.Linear(GraphLoops.Rows(x), layer, "W.weight");
        double[][] expected = Expected(kind, aggregate, rowNorm, layer, rows, plain.Incidence, w.ToArray(), h.ToArray());

        GraphLoops.AssertEqual(layer.Forward(x, graph), expected);
        Assert.That(expected.SelectMany(row => row), Has.None.NaN);
    }

    [Test]
    public void Attention_AllDroppedInTraining_LeavesWhatIsSkipped()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        using UniGatConv layer = new(4, Out, Heads, skip: true, dropout: 1, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));
        double[][] skipped = GraphLoops.Linear(GraphLoops.Rows(x), layer, "W.weight");

        GraphLoops.AssertEqual(layer.Forward(x, graph), skipped);
        layer.Eval();
        Assert.That(layer.Forward(x, graph).ToArray()[0], Is.Not.EqualTo(skipped[0][0]).Within(1e-3));
    }

    [Test]
    public void Deep_IsTheChainOfItsConvolutions_WithLessAndLessOfTheirMatrices()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        using UniGcnII network = new(4, 5, 2, layers: 3, random: new RandomStream(1));
        (Linear input, Linear output) = ((Linear)network.Children[0].Layer, (Linear)network.Children[4].Layer);
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));
        network.Eval();

        Tensor initial = Ops.Relu(input.Forward(x));
        Tensor rows = initial;
        foreach (UniGcnIIConv convolution in network.Convolutions)
        {
            rows = Ops.Relu(convolution.Forward(rows, initial, graph));
        }

        Assert.That(network.Convolutions.Select(convolution => (double)convolution.Beta), Is.EqualTo(new[] { 0.405465, 0.223144, 0.154151 }).Within(1e-6));
        Assert.That(network.Forward(x, graph).ToArray(), Is.EqualTo(output.Forward(rows).ToArray()));
    }

    [Test]
    public void DeepConvolution_RowNorm_MixesUnitRowsWithWhatTheFirstLayerRead()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        using UniGcnIIConv plain = new(4, beta: 0, alpha: 0, random: new RandomStream(1)), unit = new(4, beta: 0, alpha: 0.25f, rowNorm: true);
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2)), x0 = Ops.RandomNormal([6, 4], new RandomStream(3));
        double[][] smooth = GraphLoops.Rows(plain.Forward(x, x0, graph)), first = GraphLoops.Rows(x0);

        double[][] expected = [.. Unit(smooth).Zip(first, (row, start) => row.Zip(start, (a, b) => (0.75 * a) + (0.25 * b)).ToArray())];

        GraphLoops.AssertEqual(unit.Forward(x, x0, graph), expected);
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([Values] UniKind kind)
    {
        UniGnnOptions options = new()
        {
            Layers = 3, Heads = 2, InputDropout = 0.1f, Dropout = 0.2f, AttentionDropout = 0.3f, First = SetAggregation.Sum, Second = SetAggregation.Mean, RowNorm = true,
        };
        using UniGnn network = new(4, 3, 2, kind, options, new RandomStream(1));
        using UniGnn again = Stored(network, (made, x, graph) => made.Forward(x, graph));

        Assert.That(again.Options, Is.EqualTo(options));
    }

    [Test]
    public void Load_OfADeepNetwork_GivesTheSameAnswers()
    {
        using UniGcnII network = new(4, 3, 2, layers: 3, dropout: 0.25f, first: SetAggregation.Sum, rowNorm: true, random: new RandomStream(1));
        using UniGcnII again = Stored(network, (made, x, graph) => made.Forward(x, graph));
    }

    [Test]
    public void WithSelfLoops_LeavesNodesThatHaveOne()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        using Hypergraph weighted = graph.WithEdgeWeights(Tensor.From([2f, 3, 4, 5, 6]));
        using Hypergraph loops = UniGnn.WithSelfLoops(weighted);

        Assert.That(loops.Incidence.Nodes.ToArray(), Is.EqualTo(new[] { 0, 1, 2, 2, 2, 3, 3, 4, 4, 0, 1, 2, 3, 5 }));
        Assert.That(loops.Incidence.Edges.ToArray()[9..], Is.EqualTo(new[] { 5, 6, 7, 8, 9 }));
        Assert.That(loops.EdgeWeights!.Value.ToArray(), Is.EqualTo(new[] { 2f, 3, 4, 5, 6, 1, 1, 1, 1, 1 }));
        Assert.That(() => graph.WithSelfLoopsAt([6]), Throws.ArgumentException.With.Message.EqualTo("Incidence: node ids must be from 0 to below 6; pair 0 has 6."));
    }

    [Test]
    public void Constructors_BadSizes_SayWhatMustHold()
    {
        Assert.That(
            () => new UniGatConv(4, 3, heads: 0),
            Throws.ArgumentException.With.Message.EqualTo("UniGatConv: outFeatures and heads must be at least 1; got 3 and 0."));
        Assert.That(
            () => new UniGnn(4, 3, 2, UniKind.Gcn, new UniGnnOptions { Layers = 1 }),
            Throws.ArgumentException.With.Message.StartWith("UniGnn: there must be at least 2 layers; got 1."));
        Assert.That(() => new UniGcnII(4, 3, 2, layers: 0), Throws.ArgumentException.With.Message.StartWith("UniGcnII: layers must be at least 1; got 0."));
    }

    private static UniConv Make(UniKind kind, SetAggregation aggregate, bool rowNorm)
    {
        RandomStream random = new(1);
        switch (kind)
        {
            case UniKind.Gcn:
                return new UniGcnConv(4, Out, Heads, aggregate, rowNorm, random);
            case UniKind.Gat:
                return new UniGatConv(4, Out, Heads, aggregate, rowNorm, random: random);
            case UniKind.Sage:
                return new UniSageConv(4, Out, Heads, aggregate, aggregate, rowNorm, random);
            default:
                UniGinConv layer = new(4, Out, Heads, aggregate, rowNorm, random);
                layer.NamedParameters().Single(named => named.Name == "eps").Parameter.Load([0.5f]);
                return layer;
        }
    }

    private static double[][] Expected(
        UniKind kind, SetAggregation aggregate, bool rowNorm, UniConv layer, double[][] rows, Incidence incidence, float[] w, float[] h)
    {
        bool mean = aggregate == SetAggregation.Mean;
        double[][] ones = GraphLoops.Map(rows, (_, _) => 1);
        double[] size = First(GraphLoops.ToEdges(ones, incidence, i => h[i])), count = First(GraphLoops.ToEdges(ones, incidence, _ => 1));
        double[] degree = First(GraphLoops.ToNodes([.. w.Select(value => new double[] { value })], incidence, i => h[i]));
        double[] sharedDegree = First(GraphLoops.ToEdges([.. degree.Select(d => new[] { d })], incidence, _ => 1));
        double[][] edges = GraphLoops.Map(GraphLoops.ToEdges(rows, incidence, i => h[i]), (value, e) => w[e] * (mean ? GraphLoops.Over(value, size[e]) : value));
        int[] nodeOf = incidence.Nodes.ToArray(), edgeOf = incidence.Edges.ToArray();
        double[][] gathered = kind switch
        {
            UniKind.Gcn => GraphLoops.ToNodes(edges, incidence, i => h[i] / Math.Sqrt(degree[nodeOf[i]] * sharedDegree[edgeOf[i]] / count[edgeOf[i]])),
            UniKind.Gat => Attend(edges, incidence, GraphLoops.Rows(GraphLoops.Value(layer, "att_e"))[0], h),
            UniKind.Sage when mean => GraphLoops.ToNodes(edges, incidence, i => h[i] / degree[nodeOf[i]]),
            _ => GraphLoops.ToNodes(edges, incidence, i => h[i]),
        };
        double own = kind switch { UniKind.Gin => 1.5, UniKind.Sage => 1, _ => 0 };
        double[][] y = [.. gathered.Zip(rows, (sum, row) => sum.Zip(row, (a, b) => a + (own * b)).ToArray())];
        return rowNorm ? Unit(y) : y;
    }

    private static double[][] Attend(double[][] edges, Incidence incidence, double[] attention, float[] h)
    {
        int[] nodeOf = incidence.Nodes.ToArray(), edgeOf = incidence.Edges.ToArray();
        double[][] y = [.. Enumerable.Range(0, incidence.NodeCount).Select(_ => new double[Heads * Out])];
        for (int head = 0; head < Heads; head++)
        {
            IEnumerable<double> raw = edges.Select(row => Enumerable.Range(head * Out, Out).Sum(k => row[k] * attention[k]));
            double[] score = [.. raw.Select(s => Math.Exp(s > 0 ? s : 0.2 * s))];
            for (int i = 0; i < nodeOf.Length; i++)
            {
                double share = score[edgeOf[i]] / incidence.EdgesOf(nodeOf[i]).ToArray().Sum(e => score[e]);
                for (int k = head * Out; k < (head + 1) * Out; k++)
                {
                    y[nodeOf[i]][k] += share * h[i] * edges[edgeOf[i]][k];
                }
            }
        }
        return y;
    }

    private static double[] First(double[][] rows) => [.. rows.Select(row => row[0])];

    private static double[][] Unit(double[][] rows) =>
        [.. rows.Select(row => row.Select(value => GraphLoops.Over(value, Math.Sqrt(row.Sum(x => x * x)))).ToArray())];

    private static TLayer Stored<TLayer>(TLayer network, Func<TLayer, Tensor, Hypergraph, Tensor> run)
        where TLayer : Layer, IStoredLayer<TLayer>
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));
        network.Eval();
        network.Save(folder.File("layer.safetensors"));
        TLayer again = Layer.Load<TLayer>(folder.File("layer.safetensors"));
        Assert.That(again.ToString(), Is.EqualTo(network.ToString()), "settings");
        Assert.That(run(again, x, graph).ToArray(), Is.EqualTo(run(network, x, graph).ToArray()));
        return again;
    }
}
