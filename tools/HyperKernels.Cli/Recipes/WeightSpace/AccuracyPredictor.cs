using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>Guesses from a network's weights how good it is.</summary>
internal sealed class AccuracyPredictor : IDisposable
{
    private readonly Func<IReadOnlyList<TrainedNetwork>, Tensor> _guess;
    private readonly IEnumerable<IDisposable> _held;

    private AccuracyPredictor(string name, Layer net, float rate, IEnumerable<IDisposable> held, Func<IReadOnlyList<TrainedNetwork>, Tensor> guess)
    {
        _held = held;
        Run = new TimedRun<Layer>(name, net, new Adam(net.Parameters, learningRate: rate));
        _guess = guess;
    }

    public TimedRun<Layer> Run { get; }

    public string Name => Run.Name;

    /// <summary>A metanetwork that reads the network's graph.</summary>
    public static AccuracyPredictor OfGraph(Layer network, int seed, Device device)
    {
        NetworkReader reader = new(1, hiddenFeatures: 16, layers: 3, new RandomStream((ulong)seed));
        NetworkGraph graph = NetworkGraph.Of(network, NetworkGraphForm.Values);
        Dictionary<int, NetworkGraphBatch> batches = [];
        return new AccuracyPredictor("metanetwork", reader, 3e-3f, batches.Values, networks =>
        {
            if (!batches.TryGetValue(networks.Count, out NetworkGraphBatch? batch))
            {
                batches.Add(networks.Count, batch = NetworkGraphBatch.Of(graph, networks.Count, device));
            }
            return reader.Forward(graph.Read(TrainedNetwork.Together(networks, network, device)).Edges, batch);
        });
    }

    /// <summary>A perceptron over features of a network, each brought to mean 0 and deviation 1 over the networks to learn from.</summary>
    public static AccuracyPredictor OfFeatures(
        string name, Func<TrainedNetwork, float[]> features, IReadOnlyList<TrainedNetwork> known, int seed, Device device)
    {
        float[][] rows = [.. known.Select(features)];
        int count = rows[0].Length;
        float[] means = [.. Enumerable.Range(0, count).Select(i => rows.Average(row => row[i]))];
        float[] spreads = [.. Enumerable.Range(0, count).Select(i => MathF.Sqrt(rows.Average(row => (row[i] - means[i]) * (row[i] - means[i]))) + 1e-6f)];
        Mlp net = new([count, 64, 64, 1], random: new RandomStream((ulong)seed));
        return new AccuracyPredictor(name, net, 1e-3f, [], networks => Ops.Sigmoid(net.Forward(Tensor.From(
            [.. networks.SelectMany(network => features(network).Select((value, i) => (value - means[i]) / spreads[i]))], [networks.Count, count], device))));
    }

    /// <summary>One step on the mean squared error.</summary>
    public double Step(IReadOnlyList<TrainedNetwork> networks, float rateFactor, Device device) => Run.Step(
        _ => Ops.MeanSquaredError(_guess(networks), Tensor.From([.. networks.Select(static network => (float)network.Accuracy)], [networks.Count, 1], device)), rateFactor);

    /// <summary>Guesses for networks.</summary>
    public double[] Guess(IReadOnlyList<TrainedNetwork> networks, Device device)
    {
        const int Batch = 50;
        List<double> guesses = [];
        foreach (TrainedNetwork[] part in networks.Chunk(Batch))
        {
            using MemoryScope scope = device.Scope();
            guesses.AddRange(_guess(part).ToArray().Select(static guess => (double)guess));
        }
        return [.. guesses];
    }

    public void Dispose()
    {
        Run.Dispose();
        foreach (IDisposable batch in _held)
        {
            batch.Dispose();
        }
    }
}
