namespace HyperKernels.Models;

/// <summary>
/// Where a hypernetwork stands on the five axes of Chauhan and others, A Brief Review of Hypernetworks in Deep Learning (arXiv 2306.06955):
/// what it reads, in which pieces it emits, whether what it reads and what it emits change with the sample or the step, and what it is made of.
/// </summary>
/// <param name="Input">What the weights depend on.</param>
/// <param name="Output">In which pieces weights are generated.</param>
/// <param name="Architecture">What the generator is made of.</param>
/// <param name="DynamicInput">Whether the input changes with the sample or the step; else it is fixed or learned once per task.</param>
/// <param name="DynamicWeights">Whether the weights change with the sample or the step; else one set serves all samples of a task.</param>
public sealed record HypernetworkDesign(
    HyperInput Input, HyperOutput Output, HyperArchitecture Architecture, bool DynamicInput = false, bool DynamicWeights = false);

/// <summary>What the generated weights depend on.</summary>
[Flags]
public enum HyperInput
{
    /// <summary>A learned embedding, or a description, of a task, a layer or an architecture; also a hyperparameter.</summary>
    Task = 1,

    /// <summary>Features of the sample, or a state that follows from it.</summary>
    Data = 2,

    /// <summary>A random draw: a distribution over weights.</summary>
    Noise = 4,
}

/// <summary>In which pieces weights are generated.</summary>
[Flags]
public enum HyperOutput
{
    /// <summary>All weights at once, by one output layer.</summary>
    Once = 1,

    /// <summary>By an output layer for each tensor.</summary>
    Heads = 2,

    /// <summary>Layer by layer, channel by channel or element by element, by shared output layers that are told which.</summary>
    Components = 4,

    /// <summary>In chunks of one size, cut without regard to tensors.</summary>
    Chunks = 8,
}

/// <summary>What a generator is made of.</summary>
[Flags]
public enum HyperArchitecture
{
    /// <summary>Linear layers, with or without activations between them.</summary>
    Mlp = 1,

    /// <summary>Convolutions.</summary>
    Cnn = 2,

    /// <summary>A recurrent network.</summary>
    Rnn = 4,

    /// <summary>Attention.</summary>
    Attention = 8,

    /// <summary>Message passing over a graph.</summary>
    Graph = 16,
}
