using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A network that gives logits to the nodes of a hypergraph, whatever its class.</summary>
/// <param name="Layer">The network.</param>
/// <param name="Logits">From features and the graph, <c>[N, classes]</c>.</param>
internal sealed record NodeNet(Layer Layer, Func<Tensor, Hypergraph, Tensor> Logits)
{
    /// <summary>Its parameters, where some have a weight decay of their own.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; init; } = [new ParameterGroup(Layer.Parameters)];

    /// <summary>What it made of the graph beforehand, disposed with the run.</summary>
    public IDisposable? Structure { get; init; }
}
