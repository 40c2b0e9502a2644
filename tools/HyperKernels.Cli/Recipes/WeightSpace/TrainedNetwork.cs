using HyperKernels.Cli.Data;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>A network of a zoo: its weights and how good it is.</summary>
internal sealed class TrainedNetwork
{
    private readonly Dictionary<string, float[]> _values;

    private TrainedNetwork(Dictionary<string, float[]> values, double accuracy)
    {
        _values = values;
        Accuracy = accuracy;
        Flat = [.. values.Values.SelectMany(static tensor => tensor)];
        Statistics = WeightStatistics.Of(values.Values);
    }

    /// <summary>The share of test images that it names rightly.</summary>
    public double Accuracy { get; }

    /// <summary>All weights after each other.</summary>
    public float[] Flat { get; }

    /// <summary>What is known of each tensor by itself.</summary>
    public float[] Statistics { get; }

    /// <summary>The networks of a zoo, without those whose weights left all bounds.</summary>
    public static TrainedNetwork[] Of(NetworkZoo zoo, ImageSet test, Device device)
    {
        double[] accuracies = zoo.Accuracies(test, device);
        Dictionary<string, float[]> all = zoo.Values().ToDictionary(static pair => pair.Key, static pair => pair.Value.ToArray());
        TrainedNetwork[] networks = new TrainedNetwork[zoo.Size];
        for (int s = 0; s < zoo.Size; s++)
        {
            networks[s] = new TrainedNetwork(
                all.ToDictionary(static pair => pair.Key, pair => pair.Value[(pair.Value.Length / zoo.Size * s)..(pair.Value.Length / zoo.Size * (s + 1))]), accuracies[s]);
        }
        return [.. networks.Where(static network => network.Flat.All(float.IsFinite))];
    }

    /// <summary>Weights of several networks by name: their number, then the weight's axes.</summary>
    /// <param name="networks">The networks.</param>
    /// <param name="shapes">One network with these names.</param>
    /// <param name="device">Where.</param>
    public static Dictionary<string, Tensor> Together(IReadOnlyList<TrainedNetwork> networks, Layer shapes, Device device) => shapes.NamedParameters().ToDictionary(
        static named => named.Name,
        named => Tensor.From(
            [.. networks.SelectMany(network => network._values[named.Name])], new Shape([networks.Count, .. named.Parameter.Shape.AsSpan()]), device));

    /// <summary>The same function with its hidden units in another order.</summary>
    public TrainedNetwork Exchanged(Layer network, ref SplitMix random)
    {
        Dictionary<string, float[]> values = new(_values);
        HiddenExchange.Apply(network, values, ref random);
        return new TrainedNetwork(values, Accuracy);
    }
}
