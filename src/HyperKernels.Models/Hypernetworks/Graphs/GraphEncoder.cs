using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The part of a graph hypernetwork that lets nodes hear of each other: embeddings of operations in, embeddings of their place out.</summary>
public abstract class GraphEncoder : Layer
{
    /// <summary>Starts an encoder.</summary>
    /// <param name="features">The numbers per node, in and out.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    protected GraphEncoder(int features)
    {
        if (features < 1)
        {
            throw new ArgumentException($"{GetType().Name}: features must be at least 1; got {features}.", nameof(features));
        }
        Features = features;
    }

    /// <summary>F: the numbers per node.</summary>
    public int Features { get; }

    /// <summary>Encodes.</summary>
    /// <param name="nodes">A row per node of all graphs, <c>[N, F]</c>.</param>
    /// <param name="graphs">The graphs.</param>
    /// <returns><c>[N, F]</c></returns>
    /// <exception cref="ArgumentException">The rows are not those of the graphs' nodes.</exception>
    public abstract Tensor Forward(Tensor nodes, ArchitectureBatch graphs);

    /// <summary>Checks what <see cref="Forward"/> is given.</summary>
    protected void Check(Tensor nodes, ArchitectureBatch graphs)
    {
        ArgumentNullException.ThrowIfNull(graphs);
        if (nodes.Rank != 2 || nodes.Shape[0] != graphs.NodeCount || nodes.Shape[1] != Features)
        {
            throw new ArgumentException(
                $"{GetType().Name}: a row of {Features} numbers is needed for each of the {graphs.NodeCount} nodes; got {nodes.Shape}.", nameof(nodes));
        }
    }
}
