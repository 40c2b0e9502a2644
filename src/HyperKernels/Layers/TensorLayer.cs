namespace HyperKernels.Layers;

/// <summary>
/// A layer that maps one tensor to one tensor: what <see cref="Sequential"/> chains, <see cref="Residual"/> wraps and a hypernetwork runs as its target.
/// </summary>
/// <remarks>
/// Layers that take more (a hypergraph, a recurrent state, conditions) derive from <see cref="Layer"/> and have the <c>Forward</c> that they need.
/// </remarks>
public abstract class TensorLayer : Layer
{
    /// <summary>Computes the layer's output. Any number of threads may call it at once unless the layer says otherwise.</summary>
    /// <param name="input">What the layer's own documentation says.</param>
    /// <exception cref="ArgumentException">The input does not fit the layer.</exception>
    public abstract Tensor Forward(Tensor input);
}
