using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>What the cases of graphs by their edges share.</summary>
internal static class EdgeGraphCases
{
    /// <summary>The graphs given by <c>in.edge_src</c>, <c>in.edge_dst</c> and <c>in.graph</c>.</summary>
    /// <param name="run">The case.</param>
    /// <param name="nodes">The number of nodes that are looked at; those behind are left out.</param>
    public static EdgeGraph Read(ReferenceRun run, int nodes)
    {
        int[] graphs = run.HasInput("graph") ? run.Ints("graph") : new int[nodes];
        int count = run.Case.Int("graphs", otherwise: graphs.Append(0).Max() + 1);
        return run.Own(new EdgeGraph(nodes, run.Ints("edge_src"), run.Ints("edge_dst"), graphs.AsSpan(0, nodes), count, run.Device));
    }
}
