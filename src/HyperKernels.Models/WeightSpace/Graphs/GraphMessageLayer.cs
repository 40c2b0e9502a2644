using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A round of messages in a <see cref="GraphMetaNetwork"/>: hidden numbers of nodes and edges in, and changed ones out.</summary>
public abstract class GraphMessageLayer : Layer
{
    /// <summary>Starts a layer.</summary>
    /// <param name="features">The numbers per node and edge.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    protected GraphMessageLayer(int features)
    {
        if (features < 1)
        {
            throw new ArgumentException($"{GetType().Name}: features must be at least 1; got {features}.", nameof(features));
        }
        Features = features;
    }

    /// <summary>H: the numbers per node and edge.</summary>
    public int Features { get; }

    /// <summary>Lets nodes and edges hear of each other.</summary>
    /// <param name="nodes"><c>[N, H]</c></param>
    /// <param name="edges"><c>[E, H]</c></param>
    /// <param name="links">The edges, from the node that is read to the hyperedge of the same number as the node that is computed.</param>
    /// <returns>Both, changed.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public abstract (Tensor Nodes, Tensor Edges) Forward(Tensor nodes, Tensor edges, Incidence links);

    /// <summary>Checks what <see cref="Forward"/> is given.</summary>
    protected void Check(Tensor nodes, Tensor edges, Incidence links)
    {
        ArgumentNullException.ThrowIfNull(links);
        Shape nodeShape = [links.NodeCount, Features];
        Shape edgeShape = [links.MembershipCount, Features];
        if (links.EdgeCount != links.NodeCount || nodes.Shape != nodeShape || edges.Shape != edgeShape)
        {
            throw new ArgumentException(
                $"{GetType().Name}: nodes must be {nodeShape} and edges {edgeShape}, and the links lead from nodes to as many; got {nodes.Shape}, {edges.Shape} and {links}.");
        }
    }
}
