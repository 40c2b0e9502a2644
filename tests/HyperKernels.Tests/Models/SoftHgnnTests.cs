using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class SoftHgnnTests
{
    private const int Sets = 2;
    private const int Nodes = 5;
    private const int Features = 4;
    private const int Heads = 2;

    [Test]
    public void Forward_EqualsPlainLoops([Values] SoftAxis axis)
    {
        using MemoryScope scope = new();
        using SoftHgnnConv layer = new(Features, softEdges: 3, Heads, dropout: 0, gate: true, axis, new RandomStream(1));
        Randomise(layer);
        float[] x = Ops.RandomNormal([Sets, Nodes, Features], new RandomStream(2)).ToArray();

        float[] actual = layer.Forward(Tensor.From(x, [Sets, Nodes, Features])).ToArray();

        double gate = Values(layer, "gate")[0];
        for (int set = 0; set < Sets; set++)
        {
            double[][] rows = Rows(x, set);
            double[][] assignment = Softmax(Logits(layer, rows, 3), axis);
            double[][] added = Pass(layer, rows, assignment);
            for (int i = 0; i < Nodes * Features; i++)
            {
                (int node, int k) = (i / Features, i % Features);
                Assert.That(actual[(set * Nodes * Features) + i], Is.EqualTo(rows[node][k] + (gate * added[node][k])).Within(1e-5));
            }
        }
    }

    [Test]
    public void Forward_OfSelected_UsesTheFixedAndTheLargestSums([Values] SoftAxis axis)
    {
        const int Fixed = 2;
        const int Kept = 3;
        using MemoryScope scope = new();
        using SoftHgnnSesConv layer = new(Features, dynamicEdges: 6, Kept, Fixed, Heads, dropout: 0, axis, random: new RandomStream(1));
        Randomise(layer);
        float[] x = Ops.RandomNormal([Sets, Nodes, Features], new RandomStream(2)).ToArray();

        (Tensor nodes, SoftSelection selection) = layer.Forward(Tensor.From(x, [Sets, Nodes, Features]));

        (float[] actual, float[] assigned, float[] kept) = (nodes.ToArray(), selection.Assignment.ToArray(), selection.Kept.ToArray());
        double[] shares = new double[6];
        for (int set = 0; set < Sets; set++)
        {
            double[][] rows = Rows(x, set);
            double[][] logits = Logits(layer, rows, 8);
            int[] best = [.. Enumerable.Range(Fixed, 6).OrderByDescending(edge => logits.Sum(row => row[edge])).Take(Kept)];
            bool[] used = [.. Enumerable.Range(0, 8).Select(edge => edge < Fixed || best.Contains(edge))];
            Assert.That(kept.AsSpan(set * 8, 8).ToArray(), Is.EqualTo(used.Select(use => use ? 1f : 0)));
            foreach (int edge in best)
            {
                shares[edge - Fixed] += 1.0 / Sets;
            }
            double[][] assignment = Softmax(logits, axis, used);
            double[][] added = Pass(layer, rows, assignment);
            Assert.That(assigned.AsSpan(set * Nodes * 8, Nodes * 8).ToArray(), Is.EqualTo(assignment.SelectMany(row => row)).Within(1e-5));
            Assert.That(
                actual.AsSpan(set * Nodes * Features, Nodes * Features).ToArray(),
                Is.EqualTo(rows.Zip(added, (row, more) => row.Zip(more, (a, b) => a + b)).SelectMany(row => row)).Within(1e-5));
        }
        Assert.That(selection.Balance.ToArray()[0], Is.EqualTo(shares.Average(share => Math.Pow(share - (Kept / 6.0), 2))).Within(1e-6));
    }

    [Test]
    public void Balance_StraightThrough_EvensOutWhatIsKept_WithoutGradientItDoesNot([Values] BalanceGradient gradient)
    {
        using SoftHgnnSesConv layer = new(Features, dynamicEdges: 6, kept: 2, fixedEdges: 1, Heads, dropout: 0, balance: gradient, random: new RandomStream(1));
        using Adam adam = new(layer.Parameters, learningRate: 0.02f);
        using MemoryScope scope = new();
        Tensor x = Ops.RandomNormal([32, Nodes, Features], new RandomStream(2));
        float before = layer.Forward(x).Selection.Balance.ToArray()[0];
        if (gradient == BalanceGradient.None)
        {
            using Tape tape = new();
            Tensor balance = layer.Forward(x).Selection.Balance;
            Assert.That(() => tape.Backward(balance), Throws.ArgumentException, "nothing leads from the loss to a parameter");
            return;
        }
        for (int step = 0; step < 60; step++)
        {
            using Tape tape = new();
            tape.Backward(layer.Forward(x).Selection.Balance);
            adam.Step(tape);
        }
        Assert.That(layer.Forward(x).Selection.Balance.ToArray()[0], Is.LessThan(before / 4));
    }

    [Test]
    public void Forward_OfOneSet_EqualsItsPlaceInABatch()
    {
        using MemoryScope scope = new();
        using SoftHgnnConv layer = new(Features, softEdges: 3, Heads, dropout: 0, random: new RandomStream(1));
        using SoftHgnnSesConv selecting = new(Features, dynamicEdges: 5, kept: 2, fixedEdges: 0, Heads, dropout: 0, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([Sets, Nodes, Features], new RandomStream(2));
        Tensor second = Ops.Reshape(Ops.Slice(x, 0, 1, 1), Nodes, Features);

        float[] Second(Tensor all) => Ops.Slice(all, 0, 1, 1).ToArray();
        Assert.That(layer.Forward(second).ToArray(), Is.EqualTo(Second(layer.Forward(x))).Within(1e-6f));
        Assert.That(selecting.Forward(second).Nodes.ToArray(), Is.EqualTo(Second(selecting.Forward(x).Nodes)).Within(1e-6f));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using SoftHgnnConv layer = new(Features, softEdges: 3, Heads, dropout: 0.5f, gate: true, SoftAxis.Edges, new RandomStream(1));
        using SoftHgnnSesConv selecting = new(Features, 5, 2, 1, Heads, dropout: 0.5f, SoftAxis.Edges, BalanceGradient.None, new RandomStream(1));
        Tensor x = Ops.RandomNormal([Sets, Nodes, Features], new RandomStream(2));
        layer.Eval();
        selecting.Eval();
        layer.Save(folder.File("soft.safetensors"));
        selecting.Save(folder.File("ses.safetensors"));

        using SoftHgnnConv again = Layer.Load<SoftHgnnConv>(folder.File("soft.safetensors"));
        using SoftHgnnSesConv selectingAgain = Layer.Load<SoftHgnnSesConv>(folder.File("ses.safetensors"));

        Assert.That(again.ToString(), Is.EqualTo(layer.ToString()));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(layer.Forward(x).ToArray()));
        Assert.That(selectingAgain.ToString(), Is.EqualTo(selecting.ToString()));
        Assert.That(selectingAgain.Forward(x).Nodes.ToArray(), Is.EqualTo(selecting.Forward(x).Nodes.ToArray()));
    }

    [Test]
    public void Sizes_ThatDoNotFit_AreRefused()
    {
        using MemoryScope scope = new();
        using SoftHgnnConv layer = new(Features, softEdges: 3, Heads);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => layer.Forward(Tensor.Zeros([Nodes, 3])),
                Throws.ArgumentException.With.Message.StartsWith(
                    "SoftHgnnConv: nodes must be [batch, nodes, 4], or [nodes, 4] for one set, with at least one node; got [5, 3]."));
            Assert.That(() => layer.Forward(Tensor.Zeros([Sets, 0, Features])), Throws.ArgumentException.With.Message.Contains("at least one node"));
            Assert.That(
                () => new SoftHgnnConv(6, heads: 4),
                Throws.ArgumentException.With.Message.EqualTo(
                    "SoftHgnnConv: features and soft hyperedges must be at least 1 and heads must divide the features; got 6, 16 and 4 heads."));
            Assert.That(
                () => new SoftHgnnSesConv(8, dynamicEdges: 4, kept: 5),
                Throws.ArgumentException.With.Message.EqualTo(
                    "SoftHgnnSesConv: kept must be from 1 to dynamicEdges, and fixedEdges not negative; got 5 of 4, and 8 fixed."));
        });
    }

    private static void Randomise(Layer layer)
    {
        RandomStream random = new(5);
        foreach (NamedParameter named in layer.NamedParameters())
        {
            Initializer.Normal(0, 0.7f).Apply(named.Parameter, random);
        }
    }

    private static float[] Values(Layer layer, string name) => layer.NamedParameters().Single(named => named.Name == name).Parameter.Value.ToArray();

    private static double[][] Rows(float[] x, int set) =>
        [.. Enumerable.Range(0, Nodes).Select(node => x.AsSpan(((set * Nodes) + node) * Features, Features).ToArray().Select(value => (double)value).ToArray())];

    private static double[] Linear(Layer layer, string name, double[] x)
    {
        (float[] weight, float[] bias) = (Values(layer, $"{name}.weight"), Values(layer, $"{name}.bias"));
        return [.. bias.Select((b, row) => b + x.Select((value, k) => value * weight[(row * x.Length) + k]).Sum())];
    }

    // Head by head, as the authors compute it.
    private static double[][] Logits(Layer layer, double[][] rows, int edges)
    {
        double[] context = [.. Enumerable.Range(0, Features).Select(k => rows.Average(row => row[k])), .. Enumerable.Range(0, Features).Select(k => rows.Max(row => row[k]))];
        double[] shift = Linear(layer, "edge_generator.context_net", context);
        float[] prototypes = Values(layer, "edge_generator.prototype_base");
        const int Width = Features / Heads;
        double Logit(double[] q, int edge) => Enumerable.Range(0, Heads).Average(head => Enumerable.Range(head * Width, Width)
            .Sum(k => q[k] * (prototypes[(edge * Features) + k] + shift[(edge * Features) + k])) / Math.Sqrt(Width));
        return [.. rows.Select(row => Linear(layer, "edge_generator.pre_head_proj", row)).Select(q => Enumerable.Range(0, edges).Select(edge => Logit(q, edge)).ToArray())];
    }

    private static double[][] Softmax(double[][] logits, SoftAxis axis, bool[]? used = null)
    {
        int edges = logits[0].Length;
        double Exp(int node, int edge) => used is null || used[edge] ? Math.Exp(logits[node][edge]) : 0;
        double Sum(int node, int edge) => axis == SoftAxis.Nodes
            ? Enumerable.Range(0, Nodes).Sum(other => Exp(other, edge))
            : Enumerable.Range(0, edges).Sum(other => Exp(node, other));
        return [.. Enumerable.Range(0, Nodes).Select(node => Enumerable.Range(0, edges).Select(edge => Exp(node, edge) == 0 ? 0 : Exp(node, edge) / Sum(node, edge)).ToArray())];
    }

    private static double[][] Pass(Layer layer, double[][] rows, double[][] assignment)
    {
        double[] Mix(IEnumerable<(double Share, double[] Row)> parts) =>
            [.. Enumerable.Range(0, Features).Select(k => parts.Sum(part => part.Share * part.Row[k]))];
        double[] Layer(string name, double[] x) => [.. Linear(layer, name, x).Select(Gelu)];
        double[][] edges = [.. Enumerable.Range(0, assignment[0].Length).Select(edge => Layer("edge_proj.0", Mix(rows.Select((row, node) => (assignment[node][edge], row)))))];
        return [.. assignment.Select(shares => Layer("node_proj.0", Mix(shares.Zip(edges))))];
    }

    // The error function by Simpson's rule.
    private static double Gelu(double x)
    {
        const int Steps = 1000;
        double width = x / Math.Sqrt(2) / Steps;
        double sum = Enumerable.Range(0, Steps + 1).Sum(i => (i is 0 or Steps ? 1 : 2 + (i % 2 * 2)) * Math.Exp(-Math.Pow(i * width, 2)));
        return x * (1 + (2 / Math.Sqrt(Math.PI) * sum * width / 3)) / 2;
    }
}
