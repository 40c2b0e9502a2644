namespace HyperKernels.Models;

/// <summary>Settings of an <see cref="ArmNet"/>; the defaults are those of the authors' code.</summary>
public sealed record ArmNetOptions
{
    /// <summary>H.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>K of each head.</summary>
    public int Neurons { get; init; } = 10;

    /// <summary>How sparse gates are; 1 is a softmax, 2 a sparsemax.</summary>
    public float Alpha { get; init; } = 1.7f;

    /// <summary>Hidden layers of the perceptron behind the module.</summary>
    public int HiddenLayers { get; init; } = 2;

    /// <summary>Their width.</summary>
    public int HiddenFeatures { get; init; } = 256;

    /// <summary>Whether a perceptron that reads embeddings of its own is added.</summary>
    public bool Ensemble { get; init; }

    /// <summary>Hidden layers of that perceptron.</summary>
    public int DeepLayers { get; init; } = 2;

    /// <summary>Their width.</summary>
    public int DeepFeatures { get; init; } = 256;

    /// <summary>Behind every hidden layer.</summary>
    public float Dropout { get; init; }
}
