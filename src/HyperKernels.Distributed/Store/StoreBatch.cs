using System.Buffers;

namespace HyperKernels.Distributed;

/// <summary>A mini-batch of a stored hypergraph: nodes, what a sampler drew around them, the features of its outermost nodes, and labels.</summary>
public sealed class StoreBatch : IDisposable
{
    private readonly int _featureCount;
    private float[]? _features;

    private StoreBatch(NeighbourDraw draw, int[] seeds, int[] labels, float[] features, int featureCount)
    {
        (Draw, Seeds, Labels, _features, _featureCount) = (draw, seeds, labels, features, featureCount);
    }

    /// <summary>The nodes of the batch.</summary>
    public IReadOnlyList<int> Seeds { get; }

    /// <summary>What was drawn around them.</summary>
    public NeighbourDraw Draw { get; }

    /// <summary>The class of each seed; empty where there are no labels.</summary>
    public int[] Labels { get; }

    /// <summary>Draws and reads a batch; on any thread.</summary>
    /// <param name="store">Where from.</param>
    /// <param name="sampler">Draws from the store.</param>
    /// <param name="seeds">Nodes, each once.</param>
    /// <param name="draw">Which draw: the same number gives the same batch.</param>
    /// <exception cref="InvalidDataException">The files are damaged at what was read.</exception>
    public static StoreBatch Read(HypergraphStore store, NeighbourSampler sampler, int[] seeds, ulong draw)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(sampler);
        ArgumentNullException.ThrowIfNull(seeds);
        NeighbourDraw drawn = sampler.Draw(seeds, new RandomStream(draw));
        int[] labels = new int[store.Classes > 0 ? seeds.Length : 0];
        if (labels.Length > 0)
        {
            store.ReadLabels(seeds, labels);
        }
        int count = checked(drawn.Nodes.Length * store.FeatureCount);
        float[] features = ArrayPool<float>.Shared.Rent(count);
        if (count > 0)
        {
            store.ReadFeatures(drawn.Nodes, features.AsSpan(0, count));
        }
        return new StoreBatch(drawn, seeds, labels, features, store.FeatureCount);
    }

    /// <summary>The features of the outermost nodes as a tensor of the current scope, <c>[Draw.Nodes.Length, F]</c>: for <see cref="SampledHypergraph.ForwardRows"/>.</summary>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    public Tensor Rows(Device? device = null)
    {
        ObjectDisposedException.ThrowIf(_features is null, this);
        int count = Draw.Nodes.Length;
        return Tensor.From(_features.AsSpan(0, count * _featureCount), [count, _featureCount], device);
    }

    /// <summary>Gives the memory of the features back.</summary>
    public void Dispose()
    {
        if (_features is { } features)
        {
            _features = null;
            ArrayPool<float>.Shared.Return(features);
        }
    }
}
