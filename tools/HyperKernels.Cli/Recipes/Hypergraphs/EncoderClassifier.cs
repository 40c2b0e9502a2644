using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>An encoder of nodes with a linear layer of classes behind it.</summary>
internal sealed class EncoderClassifier : Layer
{
    private readonly Linear _head;

    /// <param name="encoder">Tuned with the head, and disposed with it.</param>
    /// <param name="classes">How many there are.</param>
    /// <param name="random">Draws the head's first values.</param>
    public EncoderClassifier(HypeBoyEncoder encoder, int classes, RandomStream random)
    {
        Encoder = Add("encoder", encoder);
        _head = Add("head", new Linear(encoder.OutFeatures, classes, random: random));
    }

    public HypeBoyEncoder Encoder { get; }

    /// <summary>Logits, <c>[nodes, classes]</c>.</summary>
    public Tensor Forward(Tensor nodes, Hypergraph graph) => _head.Forward(Ops.Relu(Encoder.Forward(nodes, graph)));
}
