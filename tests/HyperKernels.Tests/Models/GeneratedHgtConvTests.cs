using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class GeneratedHgtConvTests
{
    private const int Width = 4;
    private const int Texts = 6;

    [Test]
    public void Forward_OfSeveralHeadsAndRelations_IsThatOfLoops([Values] bool gelu, [Values] bool norm)
    {
        using MemoryScope scope = new();
        using GeneratedHgtConv layer = new(Width, Width, 2, Texts, gelu, norm, new RandomStream(1));
        RandomStream random = new(2);
        // Two edges of relation 0 share a source; node 2 of type 0 and node 1 of type 1 have no edges in.
        Relation[] relations = [new(0, 1, [0, 0, 2], [0, 2, 0]), new(1, 0, [1, 2], [0, 0]), new(0, 0, [2, 1], [1, 0])];
        using TypedGraph graph = new([3, 3], relations);
        Tensor x = Ops.RandomNormal([6, Width], random);
        HgtWeights weights = layer.Generate(Ops.RandomNormal([2, Texts], random, deviation: 2), Ops.RandomNormal([3, Texts], random, deviation: 2));
        (Tensor output, Tensor attention) = layer.Attend(x, weights, graph);

        double[][] expected = Loops(x, weights, relations, [3, 3], 2, gelu, norm);
        Assert.That(output.ToArray(), Is.EqualTo(expected.SelectMany(row => row)).Within(2e-4));
        Assert.That(attention.Shape, Is.EqualTo(new Shape(7, 2)));
        Assert.That(graph.RowsOf(output, 1).ToArray(), Is.EqualTo(output.ToArray()[(3 * Width)..]));
    }

    [Test]
    public void Copy_KeepsEverything_AndMistakesAreNamed()
    {
        using MemoryScope scope = new();
        using GeneratedHgtConv layer = new(3, Width, 2, Texts, random: new RandomStream(1));
        using GeneratedHgtConv copy = layer.Copy();
        using TypedGraph graph = new([2], [new Relation(0, 0, [0, 1], [1, 1])]);
        RandomStream random = new(2);
        (Tensor x, Tensor nodes, Tensor edges) = (Ops.RandomNormal([2, 3], random), Ops.RandomNormal([1, Texts], random), Ops.RandomNormal([1, Texts], random));
        Assert.That(copy.Forward(x, nodes, edges, graph).ToArray(), Is.EqualTo(layer.Forward(x, nodes, edges, graph).ToArray()));
        Assert.That(() => new GeneratedHgtConv(3, 5, 2, Texts), Throws.ArgumentException.With.Message.Contains("2 heads and 5 features"));
        Assert.That(() => layer.Forward(Ops.RandomNormal([3, 3], random), nodes, edges, graph), Throws.ArgumentException.With.Message.Contains("must be [2, 3]"));
        Assert.That(() => new TypedGraph([2], [new Relation(0, 0, [0, 1], [1, 2])]), Throws.ArgumentException.With.Message.Contains("edge 1 of relation 0"));
        Assert.That(() => new TypedGraph([2], [new Relation(0, 1, [], [])]), Throws.ArgumentException.With.Message.Contains("leads from 0 to 1"));
    }

    private static double[][] Loops(Tensor x, HgtWeights weights, Relation[] relations, int[] counts, int heads, bool gelu, bool norm)
    {
        int each = Width / heads;
        int[] offsets = [0, counts[0]];
        int[] typeOf = [.. counts.SelectMany((count, type) => Enumerable.Repeat(type, count))];
        double[][] rows = Rows(x, Width);
        double[][] keyQueryValue = [.. rows.Select((row, n) => Map(row, weights.KeyQueryValue, typeOf[n], 3 * Width))];
        float[] priority = weights.Priority.ToArray();
        double[][] sums = [.. rows.Select(_ => new double[Width])];
        for (int head = 0; head < heads; head++)
        {
            for (int target = 0; target < rows.Length; target++)
            {
                List<(double Weight, double[] Value)> incoming = [];
                for (int r = 0; r < relations.Length; r++)
                {
                    for (int e = 0; e < relations[r].Sources.Count; e++)
                    {
                        if (offsets[relations[r].TargetType] + relations[r].Targets[e] != target)
                        {
                            continue;
                        }
                        double[] source = keyQueryValue[offsets[relations[r].SourceType] + relations[r].Sources[e]];
                        double[] Part(int which, double[] of) => of[((which * Width) + (head * each))..((which * Width) + ((head + 1) * each))];
                        double[] key = Map(Part(0, source), weights.Key, r, each);
                        double score = key.Zip(Part(1, keyQueryValue[target]), (a, b) => a * b).Sum() * priority[(r * heads) + head] / Math.Sqrt(each);
                        incoming.Add((Math.Exp(score), Map(Part(2, source), weights.Value, r, each)));
                    }
                }
                for (int k = 0; k < each && incoming.Count > 0; k++)
                {
                    sums[target][(head * each) + k] = incoming.Sum(edge => edge.Weight * edge.Value[k]) / incoming.Sum(edge => edge.Weight);
                }
            }
        }
        float[] skip = weights.Skip.ToArray();
        return [.. sums.Select((sum, n) =>
        {
            double[] passed = gelu ? Array.ConvertAll(sum, Gelu) : sum;
            double share = skip[typeOf[n]];
            double[] mixed = [.. Map(passed, weights.Output, typeOf[n], Width).Zip(rows[n], (a, b) => (share * a) + ((1 - share) * b))];
            double mean = mixed.Average();
            double deviation = Math.Sqrt(mixed.Average(value => (value - mean) * (value - mean)) + 1e-6);
            return norm ? Array.ConvertAll(mixed, value => (value - mean) / deviation) : mixed;
        })];
    }

    // By integration: the exact form.
    private static double Gelu(double x)
    {
        const int Steps = 2000;
        double area = 0;
        for (int i = 0; i < Steps; i++)
        {
            double t = (i + 0.5) / Steps * x;
            area += Math.Exp(-t * t / 2) * x / Steps;
        }
        return x * (0.5 + (area / Math.Sqrt(2 * Math.PI)));
    }

    private static double[] Map(double[] row, (Tensor Weight, Tensor Bias) map, int which, int outputs)
    {
        double[][] matrix = Rows(Ops.Slice(map.Weight, 0, which, 1), row.Length);
        float[] bias = Ops.Slice(map.Bias, 0, which, 1).ToArray();
        return [.. Enumerable.Range(0, outputs).Select(o => bias[o] + matrix[o].Zip(row, (a, b) => a * b).Sum())];
    }

    private static double[][] Rows(Tensor tensor, int width) => [.. tensor.ToArray().Chunk(width).Select(row => Array.ConvertAll(row, value => (double)value))];
}
