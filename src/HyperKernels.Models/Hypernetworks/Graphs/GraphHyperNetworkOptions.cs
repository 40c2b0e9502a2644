namespace HyperKernels.Models;

/// <summary>What lets the nodes of an architecture hear of each other.</summary>
public enum GraphEncoderKind
{
    /// <summary>Gated message passing, <see cref="GatedGraphNetwork"/>.</summary>
    Gated,

    /// <summary>Graphormer layers, <see cref="GraphormerNetwork"/>.</summary>
    Graphormer,

    /// <summary>Nothing: <see cref="GraphNodeMlp"/>.</summary>
    None,
}

/// <summary>The choices of <see cref="GraphHyperNetwork.Create"/>; the defaults are those of GHN-2 for small images.</summary>
public sealed record GraphHyperNetworkOptions
{
    /// <summary>GHN-1: no virtual edges, no norm, predicted values as they come.</summary>
    public static GraphHyperNetworkOptions Ghn1 { get; } = new() { VirtualEdges = false, LayerNorm = false, Normalise = false };

    /// <summary>GHN-2.</summary>
    public static GraphHyperNetworkOptions Ghn2 { get; } = new();

    /// <summary>GHN-3, of the authors' smallest size.</summary>
    public static GraphHyperNetworkOptions Ghn3 { get; } = new()
    {
        Encoder = GraphEncoderKind.Graphormer,
        Features = 64,
        Window = KernelWindow.Centre,
        SmallStart = true,
    };

    /// <summary>LoGAH, of the authors' smallest size, for widths up to 2,048.</summary>
    public static GraphHyperNetworkOptions Logah { get; } = new()
    {
        Encoder = GraphEncoderKind.Graphormer,
        Features = 64,
        LowRank = true,
        MaxChannels = 2048,
        MaxKernel = 16,
        SmallStart = true,
    };

    /// <summary>The numbers per node; a multiple of 4, and of the heads.</summary>
    public int Features { get; init; } = 32;

    /// <summary>The classes that last layers tell apart.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>What lets nodes hear of each other.</summary>
    public GraphEncoderKind Encoder { get; init; }

    /// <summary>Whether gated message passing has virtual edges.</summary>
    public bool VirtualEdges { get; init; } = true;

    /// <summary>The longest way between nodes that counts.</summary>
    public int Cutoff { get; init; } = 50;

    /// <summary>The rounds of gated message passing.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>The Graphormer layers.</summary>
    public int Layers { get; init; } = 3;

    /// <summary>The heads of Graphormer layers.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>Whether nodes are normalised before decoding.</summary>
    public bool LayerNorm { get; init; } = true;

    /// <summary>Whether predicted tensors get the magnitudes of <see cref="PredictedTensors"/>.</summary>
    public bool Normalise { get; init; } = true;

    /// <summary>C: the channels of the largest tensor that is made; wider ones are tiled.</summary>
    public int MaxChannels { get; init; } = 64;

    /// <summary>S: the height and width of the largest kernel that is made. With low rank the length is C S.</summary>
    public int MaxKernel { get; init; } = 11;

    /// <summary>Where smaller kernels lie in the largest.</summary>
    public KernelWindow Window { get; init; }

    /// <summary>Whether matrices are products of two factors, <see cref="LowRankGraphDecoder"/>.</summary>
    public bool LowRank { get; init; }

    /// <summary>The rank of those.</summary>
    public int Rank { get; init; } = 32;

    /// <summary>Whether gains and biases come from an MLP with low rank too.</summary>
    public bool LowRankVectors { get; init; }

    /// <summary>
    /// Whether tables start from N(0, 1 / length of a row), and last layers at a fifth of their values with biases of zero, as in GHN-3; else all is
    /// as PyTorch has it.
    /// </summary>
    public bool SmallStart { get; init; }
}
