namespace HyperKernels.Models;

/// <summary>What ED-HNN is made of; without changes the authors' defaults.</summary>
public sealed record EdHnnOptions
{
    /// <summary>Which convolution.</summary>
    public EdHnnKind Kind { get; init; } = EdHnnKind.Equivariant;

    /// <summary>How often the one convolution is applied.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>The linear layers of the perceptron that hyperedges read nodes through; 0 leaves it out. Also those of JumpLink's only perceptron.</summary>
    public int Mlp1Layers { get; init; } = 2;

    /// <summary>The linear layers of the perceptron for each membership; 0 passes on what the hyperedge holds.</summary>
    public int Mlp2Layers { get; init; } = 2;

    /// <summary>The linear layers of the perceptron for what a node becomes; 0 leaves it out.</summary>
    public int Mlp3Layers { get; init; } = 2;

    /// <summary>How members make a hyperedge, and memberships a node.</summary>
    public SetAggregation Aggregation { get; init; } = SetAggregation.Mean;

    /// <summary>alpha: the share of what a node was at first.</summary>
    public float Alpha { get; init; } = 0.5f;

    /// <summary>beta: how much of JumpLink's perceptron is applied; the rest passes it by.</summary>
    public float Beta { get; init; } = 1;

    /// <summary>What the perceptrons of <see cref="EdHnnKind.Equivariant"/> and the classifier normalise with.</summary>
    public SetNormalization Normalization { get; init; } = SetNormalization.Layer;

    /// <summary>Whether those perceptrons, but the classifier, normalise what comes in.</summary>
    public bool InputNorm { get; init; } = true;

    /// <summary>
    /// Whether what a node is at first, x0, is normalised over its features (without parameters); the authors do not. It gives x0 the size of what the
    /// convolutions diffuse, whatever that of the features: a few ones among a thousand words give an x0 ten times smaller, so that its share alpha tells
    /// nothing, and perceptrons with dropout learn slowly.
    /// </summary>
    public bool InitialNorm { get; init; }

    /// <summary>Applied after every convolution.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>The share of hidden values that training sets to zero.</summary>
    public float Dropout { get; init; } = 0.5f;

    /// <summary>The share of features that training sets to zero. The released code drops features at the rate of <see cref="Dropout"/> instead.</summary>
    public float InputDropout { get; init; } = 0.2f;

    /// <summary>The linear layers of the classifier.</summary>
    public int ClassifierLayers { get; init; } = 2;

    /// <summary>The width of the classifier's hidden layers.</summary>
    public int ClassifierFeatures { get; init; } = 64;
}
