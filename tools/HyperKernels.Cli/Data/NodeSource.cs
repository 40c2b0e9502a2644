using HyperKernels.Distributed;
using HyperKernels.IO;

namespace HyperKernels.Cli.Data;

/// <summary>A hypergraph with features and classes of nodes: a stored one, or a file's structure with drawn features.</summary>
internal sealed class NodeSource : IDisposable
{
    private const int DrawnFeatures = 16;
    private const int DrawnClasses = 4;

    private readonly HypergraphStore? _store;
    private readonly Hypergraph? _graph;

    private NodeSource(HypergraphStore? store, Hypergraph? graph) => (_store, _graph) = (store, graph);

    public int NodeCount => _store?.NodeCount ?? _graph!.NodeCount;

    public int EdgeCount => _store?.EdgeCount ?? _graph!.EdgeCount;

    public long MembershipCount => _store?.MembershipCount ?? _graph!.MembershipCount;

    public int FeatureCount => _store?.FeatureCount ?? DrawnFeatures;

    public int Classes => _store?.Classes ?? DrawnClasses;

    /// <summary>Opens a folder of <c>store make</c>, or reads a file of any known format.</summary>
    public static NodeSource Open(string path)
    {
        if (!Directory.Exists(path))
        {
            return new NodeSource(null, HypergraphFile.Read(path).ToHypergraph(Device.Cpu));
        }
        HypergraphStore store = HypergraphStore.Open(path);
        if (store.FeatureCount == 0 || store.Classes == 0)
        {
            store.Dispose();
            throw new InvalidDataException($"{path}: training needs features and labels of nodes; this hypergraph has {store.FeatureCount} features and {store.Classes} classes.");
        }
        return new NodeSource(store, null);
    }

    public ReadOnlySpan<int> MembersOf(int edge) => _store is null ? _graph!.Incidence.MembersOf(edge) : _store.MembersOf(edge);

    /// <summary>The whole in memory, the caller's to dispose.</summary>
    public Hypergraph ToHypergraph() => _store?.ToHypergraph(Device.Cpu) ?? new Hypergraph(_graph!.Incidence);

    /// <summary>The features of some nodes, <c>[nodes, F]</c>, in the current scope.</summary>
    public Tensor Features(ReadOnlySpan<int> nodes)
    {
        float[] rows = new float[nodes.Length * FeatureCount];
        for (int i = 0; i < nodes.Length && _store is null; i++)
        {
            // Every node's own, whoever asks.
            new RandomStream((ulong)nodes[i]).FillNormal(rows.AsSpan(i * DrawnFeatures, DrawnFeatures));
        }
        _store?.ReadFeatures(nodes, rows);
        return Tensor.From(rows, [nodes.Length, FeatureCount], Device.Cpu);
    }

    /// <summary>The classes of some nodes.</summary>
    public int[] Labels(ReadOnlySpan<int> nodes)
    {
        int[] labels = new int[nodes.Length];
        for (int i = 0; i < nodes.Length && _store is null; i++)
        {
            labels[i] = nodes[i] % DrawnClasses;
        }
        _store?.ReadLabels(nodes, labels);
        return labels;
    }

    public void Dispose()
    {
        _store?.Dispose();
        _graph?.Dispose();
    }
}
