using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Neurons or channels that can change places without changing what a network computes, and every axis of every tensor that they stand on: the rows of
/// one layer, its bias, the norm behind it, and the columns of the next layer.
/// </summary>
public sealed class NeuronGroup
{
    private readonly List<Place> _places = [];

    private NeuronGroup(int count) => Count = count;

    /// <summary>The number of neurons.</summary>
    public int Count { get; }

    /// <summary>The dotted names of the tensors that they stand in.</summary>
    public IReadOnlyList<string> Names => [.. _places.Select(static place => place.Name)];

    /// <summary>Finds the groups of a chain of layers: all but its inputs and its outputs.</summary>
    /// <param name="network">
    /// Linear layers and convolutions, with activations, pooling, dropout, flattening and batch norms between; neurons before any other layer, and
    /// channels of grouped convolutions, are left out.
    /// </param>
    public static IReadOnlyList<NeuronGroup> Of(Sequential network)
    {
        ArgumentNullException.ThrowIfNull(network);
        List<NeuronGroup> groups = [];
        NeuronGroup? open = null;
        for (int i = 0; i < network.Length; i++)
        {
            switch (network[i])
            {
                case Linear linear:
                    open = Next(groups, open, $"{i}", linear.InFeatures, linear.OutFeatures, linear.Bias is not null);
                    break;
                case Conv2d conv when conv.Options.Groups == 1:
                    open = Next(groups, open, $"{i}", conv.InChannels, conv.OutChannels, conv.Bias is not null);
                    break;
                case BatchNorm norm when open is not null:
                    foreach ((string name, HostArray values) in norm.GetState())
                    {
                        if (values.Shape.Rank == 1 && values.Shape[0] == open.Count)
                        {
                            open._places.Add(new Place($"{i}.{name}", 0));
                        }
                    }
                    break;
                case ActivationLayer or MaxPool2d or AveragePool2d or AdaptiveAveragePool2d or Dropout or Flatten or BatchNorm:
                    break;
                default:
                    open = null;
                    break;
            }
        }
        return groups;
    }

    /// <summary>Everything that is known about each neuron: its values in all tensors.</summary>
    /// <param name="state">The network's state.</param>
    public float[][] Describe(IReadOnlyDictionary<string, HostArray> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return [.. Enumerable.Range(0, Count).Select(neuron => _places.SelectMany(place => place.Values(state[place.Name], Count, neuron)).ToArray())];
    }

    /// <summary>Puts the neurons in another order.</summary>
    /// <param name="state">The network's state; tensors of the group are replaced.</param>
    /// <param name="order">For every place the neuron that comes there.</param>
    /// <exception cref="ArgumentException">order is no permutation of the neurons.</exception>
    public void Permute(IDictionary<string, HostArray> state, ReadOnlySpan<int> order)
    {
        ArgumentNullException.ThrowIfNull(state);
        int[] neurons = order.ToArray();
        if (!neurons.Order().SequenceEqual(Enumerable.Range(0, Count)))
        {
            throw new ArgumentException($"NeuronGroup: the order must have every number from 0 to {Count - 1} once; got {string.Join(", ", neurons)}.", nameof(order));
        }
        foreach (Place place in _places)
        {
            state[place.Name] = place.Permute(state[place.Name], neurons);
        }
    }

    private static NeuronGroup? Next(List<NeuronGroup> groups, NeuronGroup? open, string name, int inFeatures, int outFeatures, bool hasBias)
    {
        // After a Flatten every channel has a block of columns.
        if (open is not null && inFeatures % open.Count == 0)
        {
            open._places.Add(new Place($"{name}.weight", 1));
            groups.Add(open);
        }
        NeuronGroup next = new(outFeatures);
        next._places.Add(new Place($"{name}.weight", 0));
        if (hasBias)
        {
            next._places.Add(new Place($"{name}.bias", 0));
        }
        return next;
    }

    /// <summary>An axis of a tensor.</summary>
    private sealed record Place(string Name, int Axis)
    {
        public IEnumerable<float> Values(HostArray tensor, int neurons, int neuron)
        {
            (int outer, int block) = Layout(tensor.Shape, neurons);
            for (int i = 0; i < outer; i++)
            {
                int start = ((i * neurons) + neuron) * block;
                for (int k = start; k < start + block; k++)
                {
                    yield return tensor.Values[k];
                }
            }
        }

        public HostArray Permute(HostArray tensor, int[] order)
        {
            (int outer, int block) = Layout(tensor.Shape, order.Length);
            float[] result = new float[tensor.Values.Length];
            for (int i = 0; i < outer * order.Length; i++)
            {
                int from = (i / order.Length * order.Length) + order[i % order.Length];
                tensor.Values.AsSpan(from * block, block).CopyTo(result.AsSpan(i * block));
            }
            return new HostArray(result, tensor.Shape);
        }

        // How often all neurons follow one another, and how many values each has there.
        private (int Outer, int Block) Layout(in Shape shape, int neurons)
        {
            int outer = Axis == 0 ? 1 : shape[0];
            return (outer, (int)shape.Count / outer / neurons);
        }
    }
}
