namespace HyperKernels.Models;

/// <summary>Several architectures at once: their nodes one behind another, no edges between them.</summary>
public sealed class ArchitectureBatch
{
    private readonly int[] _first;
    private readonly Dictionary<(bool Reversed, int Cutoff), SweepPlan> _sweeps = [];

    /// <summary>Puts graphs side by side.</summary>
    /// <param name="graphs">One or more.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public ArchitectureBatch(params ReadOnlySpan<ArchitectureGraph> graphs)
    {
        if (graphs.IsEmpty)
        {
            throw new ArgumentException("ArchitectureBatch: at least one graph is needed; got none.", nameof(graphs));
        }
        Graphs = Throw.IfAnyNull("ArchitectureBatch", graphs.ToArray(), nameof(graphs));
        _first = new int[Graphs.Count];
        for (int i = 0; i < _first.Length; i++)
        {
            _first[i] = NodeCount;
            NodeCount += Graphs[i].Nodes.Count;
            LargestGraph = Math.Max(LargestGraph, Graphs[i].Nodes.Count);
        }
    }

    /// <summary>The architectures.</summary>
    public IReadOnlyList<ArchitectureGraph> Graphs { get; }

    /// <summary>N: the nodes of all graphs.</summary>
    public int NodeCount { get; }

    /// <summary>The nodes of the largest graph.</summary>
    public int LargestGraph { get; }

    /// <summary>The nodes of all graphs in order.</summary>
    public IEnumerable<ArchitectureNode> Nodes => Graphs.SelectMany(static graph => graph.Nodes);

    /// <summary>The row of a graph's first node.</summary>
    public int FirstNode(int graph) => _first[Throw.IfNoPlace("ArchitectureBatch", graph, _first.Length)];

    /// <summary>Shortest ways in a square per graph, padded with zeros: <c>[G, largest, largest]</c>.</summary>
    /// <param name="cutoff">Longer ways count as none.</param>
    public int[] Distances(int cutoff)
    {
        int[] squares = new int[Graphs.Count * LargestGraph * LargestGraph];
        for (int g = 0; g < Graphs.Count; g++)
        {
            int count = Graphs[g].Nodes.Count;
            for (int i = 0; i < count * count; i++)
            {
                int distance = Graphs[g].Distances[i];
                squares[(((g * LargestGraph) + (i / count)) * LargestGraph) + (i % count)] = distance <= cutoff ? distance : 0;
            }
        }
        return squares;
    }

    /// <summary>For every place of the padded squares whether it is a node (1) or padding (0): <c>[G, largest]</c>.</summary>
    /// <param name="device">Where; null means <see cref="Device.Default"/>.</param>
    public Tensor Mask(Device? device = null)
    {
        float[] mask = new float[Graphs.Count * LargestGraph];
        foreach (int place in Places())
        {
            mask[place] = 1;
        }
        return Tensor.From(mask, [Graphs.Count, LargestGraph], device);
    }

    /// <summary>Rows of all nodes as padded squares have them: <c>[N, F]</c> to <c>[G, largest, F]</c>, zeros where there is no node.</summary>
    public Tensor Pad(Tensor nodes)
    {
        Tensor places = Tensor.From(Places(), [NodeCount], nodes.Device);
        return Ops.Reshape(Ops.ScatterAddRows(nodes, places, Graphs.Count * LargestGraph), [Graphs.Count, LargestGraph, nodes.Shape[1]]);
    }

    /// <summary>The reverse of <see cref="Pad"/>.</summary>
    public Tensor Unpad(Tensor padded)
    {
        Tensor places = Tensor.From(Places(), [NodeCount], padded.Device);
        return Ops.GatherRows(Ops.Reshape(padded, [Graphs.Count * LargestGraph, padded.Shape[-1]]), places);
    }

    /// <summary>How to go through all graphs depth by depth; made once.</summary>
    internal SweepPlan Sweep(bool reversed, int cutoff)
    {
        lock (_sweeps)
        {
            if (!_sweeps.TryGetValue((reversed, cutoff), out SweepPlan? plan))
            {
                plan = new SweepPlan(this, reversed, cutoff);
                _sweeps.Add((reversed, cutoff), plan);
            }
            return plan;
        }
    }

    private int[] Places()
    {
        int[] places = new int[NodeCount];
        for (int g = 0; g < Graphs.Count; g++)
        {
            for (int i = 0; i < Graphs[g].Nodes.Count; i++)
            {
                places[_first[g] + i] = (g * LargestGraph) + i;
            }
        }
        return places;
    }
}
