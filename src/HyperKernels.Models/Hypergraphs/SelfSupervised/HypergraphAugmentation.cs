namespace HyperKernels.Models;

/// <summary>Takes random parts of a hypergraph and its features away, for losses that ask what is missing.</summary>
public static class HypergraphAugmentation
{
    /// <summary>Sets features to zero, each with the same probability; the others keep their size.</summary>
    /// <param name="nodes">Features, any shape.</param>
    /// <param name="probability">That a feature is lost, in [0, 1].</param>
    /// <param name="random">Draws one number for each feature.</param>
    /// <returns>Shaped as nodes.</returns>
    /// <exception cref="ArgumentException">The probability is not in [0, 1].</exception>
    public static Tensor DropFeatures(Tensor nodes, float probability, RandomStream random)
    {
        CheckProbability(probability);
        Tensor draws = Ops.RandomUniform(nodes.Shape, random, device: nodes.Device);
        return Ops.Multiply(nodes, Ops.Step(Ops.AddScalar(draws, -probability)));
    }

    /// <summary>Chooses nodes.</summary>
    /// <param name="nodes">The number of nodes.</param>
    /// <param name="share">How many of them: <c>floor(share nodes)</c>.</param>
    /// <param name="random">Draws which.</param>
    /// <param name="device">Where the result goes; null means <see cref="Device.Default"/>.</param>
    /// <returns>1 for those that were chosen, 0 for others, <c>[nodes]</c>.</returns>
    /// <exception cref="ArgumentException">The share is not in [0, 1].</exception>
    public static Tensor ChooseNodes(int nodes, float share, RandomStream random, Device? device = null)
    {
        CheckProbability(share);
        ArgumentNullException.ThrowIfNull(random);
        int[] order = new int[Throw.IfNoLength("ChooseNodes", nodes)];
        random.FillPermutation(order);
        float[] chosen = new float[nodes];
        foreach (int node in order.AsSpan(0, (int)(nodes * share)))
        {
            chosen[node] = 1;
        }
        return Tensor.From(chosen, [nodes], device);
    }

    /// <summary>
    /// Drops <c>floor(share count)</c> of the hyperedges of two members or more, and those of fewer. Nodes that are then in none get one of their own.
    /// </summary>
    /// <param name="incidence">Stays as it is.</param>
    /// <param name="share">Which part is lost, in [0, 1].</param>
    /// <param name="random">Draws which.</param>
    /// <returns>The caller's to dispose. Hyperedges keep their order and their members.</returns>
    /// <exception cref="ArgumentException">The share is not in [0, 1].</exception>
    /// <remarks>Source: the authors' code of HypeBoy, kswoo97/hypeboy.</remarks>
    public static Incidence DropEdges(Incidence incidence, float share, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        ArgumentNullException.ThrowIfNull(random);
        CheckProbability(share);
        int[] edges = [.. Enumerable.Range(0, incidence.EdgeCount).Where(edge => incidence.MembersOf(edge).Length >= 2)];
        int[] order = new int[edges.Length];
        random.FillPermutation(order);
        bool[] lost = new bool[edges.Length];
        foreach (int place in order.AsSpan(0, (int)(edges.Length * share)))
        {
            lost[place] = true;
        }
        int[][] kept = [.. edges.Where((_, place) => !lost[place]).Select(edge => incidence.MembersOf(edge).ToArray())];
        using Incidence part = Incidence.FromEdges(incidence.NodeCount, kept, incidence.Device);
        return part.WithSelfLoops(onlyIsolated: true);
    }

    private static void CheckProbability(float probability)
    {
        if (!(probability >= 0 && probability <= 1))
        {
            throw new ArgumentException($"HypergraphAugmentation: the part to take away must be in [0, 1]; got {probability}.");
        }
    }
}
