using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Networks of one make that are trained, rewritten, pruned and trained on, all side by side: the first half are those that the metanetwork learns from, the other half those
/// that it has not seen.
/// </summary>
internal sealed class PruningFamily : IDisposable
{
    /// <summary>Networks to learn from, and as many unseen.</summary>
    public const int Half = 8;

    /// <summary>The shares of hidden units that are taken away.</summary>
    public static readonly double[] Shares = [0.5, 0.8, 0.9];

    /// <summary>How the units that stay are chosen: of the networks as they are, at random and the largest; of rewritten ones the largest.</summary>
    public static readonly string[] Ways = ["random units", "magnitude", "metanetwork"];

    private const float Rate = 3e-3f;
    private const float MetaRate = 2e-3f;
    private const float Ratio = 0.3f;

    // Networks without norms shrink as a whole where the authors' alpha of 16 draws at all groups: only the small ones are drawn to zero here.
    private const float Strength = 1e-3f;
    private const float Alpha = 256;
    private const int Each = 32;

    private readonly Func<TensorLayer> _make;
    private readonly HiddenGroups _groups;
    private readonly NetworkGraph _graph;
    private readonly NetworkGraphBatch _known;
    private readonly GroupSparsity _sparsity = new(Strength, Alpha);
    private readonly Device _device;
    private readonly int _seed;

    public PruningFamily(string name, Func<TensorLayer> make, int seed, Device device)
    {
        (Name, _make, _seed, _device) = (name, make, seed, device);
        NetworkZoo zoo = new(make(), 2 * Half, new RandomStream((ulong)seed));
        _groups = new HiddenGroups(zoo.Network);
        _graph = NetworkGraph.Of(zoo.Network);
        _known = NetworkGraphBatch.Of(_graph, Half, device);
        Zoo = new TimedRun<NetworkZoo>($"{name} zoo", zoo, new Adam(zoo.Parameters, learningRate: Rate));
        NetworkRewriter rewriter = new(
            _graph.NodeFeatures, _graph.EdgeFeatures, hiddenFeatures: 32, layers: 3, Ratio, Ratio, random: new RandomStream((ulong)seed));
        Rewriter = new TimedRun<NetworkRewriter>($"{name} metanetwork", rewriter, new AdamW(rewriter.Parameters, learningRate: MetaRate, weightDecay: 5e-4f));
    }

    public static string Words { get; } =
        $"Adam, rate {Rate}, {Each} images a step for each network; metanetworks AdamW, rate {MetaRate} falling as a cosine, decay 5e-4, ratio {Ratio}, "
        + $"sparsity {Strength}, alpha {Alpha}";

    public string Name { get; }

    /// <summary>The networks.</summary>
    public TimedRun<NetworkZoo> Zoo { get; }

    /// <summary>The metanetwork.</summary>
    public TimedRun<NetworkRewriter> Rewriter { get; }

    /// <summary>The unseen networks, pruned in every way by every share; null before.</summary>
    public TimedRun<NetworkZoo>? Pruned { get; private set; }

    /// <summary>One step of the networks.</summary>
    public double Train(ImageSet images, long step) => Step(Zoo, images, step);

    /// <summary>One step of the pruned networks.</summary>
    public double TrainPruned(ImageSet images, long step) => Step(Pruned!, images, step);

    /// <summary>One step of the metanetwork on the networks to learn from.</summary>
    /// <param name="images">What the networks are tested on by their loss.</param>
    /// <param name="step">Its number.</param>
    /// <param name="rateFactor">What the rate is multiplied by.</param>
    public double TrainRewriter(ImageSet images, long step, float rateFactor)
    {
        return Rewriter.Step(rewriter =>
        {
            IReadOnlyDictionary<string, Tensor> known = Part(Zoo.Net.Values(), 0, Half);
            PredictedParameters changed = _graph.Write(rewriter.Forward(_graph.Read(known), _known.Links));
            (Tensor inputs, Tensor labels) = Draw(images, Half, step);
            Tensor loss = Ops.CrossEntropy(changed.Forward(Zoo.Net.Network, inputs), labels);
            Dictionary<string, Tensor> weights = changed.Weights.ToDictionary(static pair => pair.Key, static pair => pair.Value.Materialize());
            for (int layer = 0; layer < _groups.Layers; layer++)
            {
                Tensor[] groups = _groups.Of(layer, weights);
                loss = Ops.Add(loss, Ops.MultiplyScalar(_sparsity.Loss(_sparsity.Scales(groups), groups), 1f / Half));
            }
            return loss;
        }, rateFactor);
    }

    /// <summary>Prunes the unseen networks in every way by every share.</summary>
    public void Prune()
    {
        using MemoryScope scope = _device.Scope();
        IReadOnlyDictionary<string, Tensor> plain = Part(Zoo.Net.Values(), Half, Half);
        IReadOnlyDictionary<string, Tensor> changed =
            _graph.Write(Rewriter.Net.Forward(_graph.Read(plain), _known.Links)).Weights.ToDictionary(static pair => pair.Key, static pair => pair.Value.Materialize());
        SplitMix random = new(_seed, 3);
        List<bool[][]> keep = [];
        foreach (string way in Ways)
        {
            float[][] sizes = [.. Enumerable.Range(0, _groups.Layers).Select(layer => _groups.Squares(layer, way == Ways[2] ? changed : plain))];
            if (way == Ways[0])
            {
                foreach (float[] layer in sizes)
                {
                    for (int i = 0; i < layer.Length; i++)
                    {
                        layer[i] = random.Unit();
                    }
                }
            }
            foreach (double share in Shares)
            {
                keep.AddRange(Enumerable.Range(0, Half).Select(network => sizes.Select((size, layer) => Largest(size, network, _groups.Units(layer), share)).ToArray()));
            }
        }
        NetworkZoo pruned = new(_make(), keep.Count, new RandomStream(0));
        pruned.Load(plain.ToDictionary(static pair => pair.Key, pair => Ops.Concatenate(
            0, [.. Ways.SelectMany(way => Enumerable.Repeat(way == Ways[2] ? changed[pair.Key] : pair.Value, Shares.Length))])));
        pruned.Masks = _groups.Masks(keep);
        Pruned = new TimedRun<NetworkZoo>($"{Name} pruned", pruned, new Adam(pruned.Parameters, learningRate: Rate));
    }

    /// <summary>The mean accuracy of the pruned networks, a number for each way and share.</summary>
    public double[][] Accuracies(ImageSet test)
    {
        double[] each = Pruned!.Net.Accuracies(test, _device);
        return [.. each.Chunk(Half).Select(static chunk => chunk.Average()).Chunk(Shares.Length)];
    }

    /// <summary>The mean accuracy of the unseen networks before pruning: as they are, and rewritten.</summary>
    public (double Plain, double Rewritten) Whole(ImageSet test)
    {
        using MemoryScope scope = _device.Scope();
        double plain = Zoo.Net.Accuracies(test, _device)[Half..].Average();
        PredictedParameters changed = _graph.Write(Rewriter.Net.Forward(_graph.Read(Part(Zoo.Net.Values(), Half, Half)), _known.Links));
        using NetworkZoo rewritten = new(_make(), Half, new RandomStream(0));
        rewritten.Load(changed.Weights.ToDictionary(static pair => pair.Key, static pair => pair.Value.Materialize()));
        return (plain, rewritten.Accuracies(test, _device).Average());
    }

    public void Dispose()
    {
        Zoo.Dispose();
        Rewriter.Dispose();
        Pruned?.Dispose();
        _known.Dispose();
    }

    private double Step(TimedRun<NetworkZoo> run, ImageSet images, long step) => run.Step(zoo =>
    {
        (Tensor inputs, Tensor labels) = Draw(images, zoo.Size, step);
        // The sum over networks: each steps as if it were alone.
        return Ops.MultiplyScalar(Ops.CrossEntropy(zoo.Forward(inputs), labels), zoo.Size);
    }) / run.Net.Size;

    // The same images for all networks.
    private (Tensor Images, Tensor Labels) Draw(ImageSet images, int networks, long step)
    {
        SplitMix random = new(_seed, 1000 + step);
        int[] rows = new int[Each];
        for (int i = 0; i < Each; i++)
        {
            rows[i] = random.Below(images.Count);
        }
        ImageBatch batch = new(Each, images.Height, images.Width);
        batch.Fill(images, rows);
        Tensor labels = Tensor.From([.. Enumerable.Repeat(rows.Select(row => (int)images.Labels[row]), networks).SelectMany(static part => part)], [networks * Each], _device);
        return (Ops.Tile(NetworkZoo.Centred(batch.Images(_device)), networks, 1, 1, 1), labels);
    }

    private static Dictionary<string, Tensor> Part(IReadOnlyDictionary<string, Tensor> values, int start, int count) =>
        values.ToDictionary(static pair => pair.Key, pair => Ops.Slice(pair.Value, 0, start, count));

    private static bool[] Largest(float[] sizes, int network, int units, double share)
    {
        int keep = Math.Max(1, (int)Math.Round(units * (1 - share)));
        float[] own = sizes[(network * units)..((network + 1) * units)];
        float bound = own.OrderDescending().ElementAt(keep - 1);
        return [.. own.Select(size => size >= bound)];
    }
}
