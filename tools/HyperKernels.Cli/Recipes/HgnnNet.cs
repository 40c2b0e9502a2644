using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>Two hypergraph convolutions with a ReLU and dropout between them.</summary>
internal sealed class HgnnNet : Layer
{
    private readonly HypergraphConv _first;
    private readonly HypergraphConv _second;
    private readonly Dropout _dropout;

    /// <param name="features">Of a node.</param>
    /// <param name="width">Between the convolutions.</param>
    /// <param name="classes">How many.</param>
    /// <param name="random">Draws first values, then what is dropped.</param>
    public HgnnNet(int features, int width, int classes, RandomStream random)
    {
        _first = Add("conv1", new HypergraphConv(features, width, random: random));
        _second = Add("conv2", new HypergraphConv(width, classes, random: random));
        _dropout = Add("dropout", new Dropout(0.5f, random));
    }

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">[N, features].</param>
    /// <param name="graph">N nodes.</param>
    /// <returns>[N, classes].</returns>
    public Tensor Forward(Tensor nodes, Hypergraph graph) =>
        _second.Forward(_dropout.Forward(Ops.Relu(_first.Forward(nodes, graph))), graph);
}
