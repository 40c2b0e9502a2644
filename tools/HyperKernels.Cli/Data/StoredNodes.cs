using HyperKernels.Distributed;

namespace HyperKernels.Cli.Data;

/// <summary>Which nodes of a stored hypergraph are for training and which for the test, and which of them each step sees: all computed, nothing kept.</summary>
internal sealed class StoredNodes
{
    private const int TestShare = 10;

    // A network is tested on at most so many nodes.
    private const int MostTested = 2_048;

    private readonly Shuffle _split;
    private readonly ulong _seed;
    private readonly int _batch;
    private readonly long _training;

    public StoredNodes(int nodes, int batch, int seed)
    {
        (_split, _batch, _seed) = (new Shuffle(nodes, (ulong)seed), batch, (ulong)seed);
        _training = Math.Max(1, nodes - (nodes / TestShare));
        Test = [.. Enumerable.Range(0, (int)Math.Min(MostTested, nodes - _training)).Select(place => (int)_split[_training + place])];
    }

    /// <summary>Nodes that no step trains on.</summary>
    public int[] Test { get; }

    public long StepsPerEpoch => (_training + _batch - 1) / _batch;

    /// <summary>The nodes of a step, counted from 0 through all epochs, each of which has an order of its own.</summary>
    public int[] Rows(long step)
    {
        (long epoch, long within) = Math.DivRem(step, StepsPerEpoch);
        Shuffle order = new(_training, (_seed << 20) + (ulong)epoch + 1);
        int[] nodes = new int[(int)Math.Min(_batch, _training - (within * _batch))];
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i] = (int)_split[order[(within * _batch) + i]];
        }
        return nodes;
    }
}
