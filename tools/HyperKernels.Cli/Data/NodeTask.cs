using System.Numerics.Tensors;

namespace HyperKernels.Cli.Data;

/// <summary>Nodes of a hypergraph to be classed, on a device. Tensors live as long as the memory scope that they were made in.</summary>
internal sealed class NodeTask : IDisposable
{
    /// <param name="data">Nodes, hyperedges and splits.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="rowSums">Whether each node's features are divided by their sum.</param>
    /// <param name="loops">Which nodes get an edge of their own.</param>
    public NodeTask(CommunityGraph data, Device device, bool rowSums, NodeLoops loops = NodeLoops.Isolated)
    {
        Data = data;
        Bare = Hypergraph.FromPairs(data.Nodes, data.Edges, data.NodeIds, data.EdgeIds, device);
        Graph = loops == NodeLoops.None ? Bare : Bare.WithSelfLoops(onlyIsolated: loops == NodeLoops.Isolated);
        float[] features = data.Features;
        if (rowSums)
        {
            features = [.. features];
            for (int node = 0; node < data.Nodes; node++)
            {
                Span<float> row = features.AsSpan(node * data.FeatureCount, data.FeatureCount);
                float sum = Math.Max(1, TensorPrimitives.Sum<float>(row));
                TensorPrimitives.Divide(row, sum, row);
            }
        }
        Features = Tensor.From(features, [data.Nodes, data.FeatureCount], device);
    }

    public CommunityGraph Data { get; }

    /// <summary>The hypergraph of the data.</summary>
    public Hypergraph Bare { get; }

    /// <summary>The one for networks, with edges of nodes' own.</summary>
    public Hypergraph Graph { get; }

    /// <summary><c>[nodes, features]</c></summary>
    public Tensor Features { get; }

    /// <summary>The nodes that have a role in a split.</summary>
    public NodeGroup Group(int split, byte role) => new(this, Data.With(split, role));

    public void Dispose()
    {
        Graph.Dispose();
        Bare.Dispose();
    }
}
