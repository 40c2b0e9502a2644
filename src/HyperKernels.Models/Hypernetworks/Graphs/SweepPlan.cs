namespace HyperKernels.Models;

/// <summary>
/// How a sweep of gated message passing goes through the nodes of a batch of graphs: depth by depth, because nodes of one depth do not read each
/// other. Gives what updating node after node in topological order gives.
/// </summary>
/// <remarks>
/// A depth's messages are one product: a matrix with a row per node of the depth and a column per message made so far. Each depth adds a
/// message per node for edges and, with virtual edges, then one per node for those: columns stand in that order.
/// </remarks>
internal sealed class SweepPlan
{
    /// <summary>Makes the plan.</summary>
    /// <param name="batch">The graphs.</param>
    /// <param name="reversed">Against the edges: nodes read what they feed.</param>
    /// <param name="cutoff">The longest way that a virtual edge stands for; 0 for no virtual edges.</param>
    public SweepPlan(ArchitectureBatch batch, bool reversed, int cutoff)
    {
        List<List<int>> depths = [];
        int[] depthOf = new int[batch.NodeCount];
        for (int g = 0; g < batch.Graphs.Count; g++)
        {
            int[] own = batch.Graphs[g].Depths(reversed);
            for (int i = 0; i < own.Length; i++)
            {
                while (depths.Count <= own[i])
                {
                    depths.Add([]);
                }
                depths[own[i]].Add(batch.FirstNode(g) + i);
                depthOf[batch.FirstNode(g) + i] = own[i];
            }
        }
        Order = [.. depths.SelectMany(static nodes => nodes)];
        Sizes = [.. depths.Select(static nodes => nodes.Count)];
        Back = new int[Order.Length];
        for (int i = 0; i < Order.Length; i++)
        {
            Back[Order[i]] = i;
        }
        int[] starts = new int[Sizes.Length];
        for (int depth = 1; depth < starts.Length; depth++)
        {
            starts[depth] = starts[depth - 1] + Sizes[depth - 1];
        }

        int perNode = cutoff > 0 ? 2 : 1;
        Columns = [.. starts.Select(start => perNode * start)];
        Offsets = new int[Sizes.Length];
        long length = 0;
        for (int depth = 0; depth < Sizes.Length; depth++)
        {
            Offsets[depth] = checked((int)length);
            length += (long)Sizes[depth] * Columns[depth];
        }
        Factors = new float[checked((int)length)];
        for (int g = 0; g < batch.Graphs.Count; g++)
        {
            ArchitectureGraph graph = batch.Graphs[g];
            for (int target = 0; target < graph.Nodes.Count; target++)
            {
                int place = Back[batch.FirstNode(g) + target];
                int depth = depthOf[batch.FirstNode(g) + target];
                Span<float> row = Factors.AsSpan(Offsets[depth] + ((place - starts[depth]) * Columns[depth]), Columns[depth]);
                for (int source = 0; source < graph.Nodes.Count; source++)
                {
                    int distance = reversed ? graph.Distance(target, source) : graph.Distance(source, target);
                    if (distance == 0)
                    {
                        continue;
                    }
                    int sourceDepth = depthOf[batch.FirstNode(g) + source];
                    int column = Columns[sourceDepth] + Back[batch.FirstNode(g) + source] - starts[sourceDepth];
                    if (distance == 1)
                    {
                        row[column] = 1;
                    }
                    if (distance <= cutoff)
                    {
                        row[column + Sizes[sourceDepth]] = 1f / distance;
                    }
                }
            }
        }
    }

    /// <summary>The nodes, depth after depth.</summary>
    public int[] Order { get; }

    /// <summary>For every node its place in <see cref="Order"/>.</summary>
    public int[] Back { get; }

    /// <summary>The number of nodes of each depth.</summary>
    public int[] Sizes { get; }

    /// <summary>The number of messages made before each depth.</summary>
    public int[] Columns { get; }

    /// <summary>The depths' matrices one behind another.</summary>
    public float[] Factors { get; }

    /// <summary>Where each depth's matrix begins.</summary>
    public int[] Offsets { get; }
}
