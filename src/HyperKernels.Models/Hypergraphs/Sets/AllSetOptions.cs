namespace HyperKernels.Models;

/// <summary>What AllSet is made of; without changes the authors' defaults of AllSetTransformer.</summary>
public sealed record AllSetOptions
{
    /// <summary>The defaults of AllDeepSets.</summary>
    public static AllSetOptions DeepSets { get; } = new() { Attention = false };

    /// <summary>Whether sets are read by attention (AllSetTransformer); else by sums between perceptrons (AllDeepSets).</summary>
    public bool Attention { get; init; } = true;

    /// <summary>From nodes to hyperedges and back; how often.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>The linear layers of each perceptron; 0 leaves those of AllDeepSets out.</summary>
    public int MlpLayers { get; init; } = 2;

    /// <summary>The heads of attention.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>What AllDeepSets makes of the rows of a set.</summary>
    public SetAggregation Aggregation { get; init; } = SetAggregation.Sum;

    /// <summary>What a membership weighs in AllDeepSets.</summary>
    public IncidenceWeights Weights { get; init; } = IncidenceWeights.Ones;

    /// <summary>What perceptrons normalise with; those inside attention never do.</summary>
    public SetNormalization Normalization { get; init; } = SetNormalization.Layer;

    /// <summary>Whether the perceptrons of AllDeepSets normalise what comes in.</summary>
    public bool InputNorm { get; init; } = true;

    /// <summary>The share of hidden values that training sets to zero.</summary>
    public float Dropout { get; init; } = 0.5f;

    /// <summary>The share of features that training sets to zero.</summary>
    public float InputDropout { get; init; } = 0.2f;

    /// <summary>The linear layers of the classifier.</summary>
    public int ClassifierLayers { get; init; } = 2;

    /// <summary>The width of the classifier's hidden layers.</summary>
    public int ClassifierFeatures { get; init; } = 64;

    /// <summary>
    /// Whether the classifier reads a learned mixture of what every layer gave, a perceptron of the features included (the authors' GPR); else the last layer's.
    /// </summary>
    public bool MixLayers { get; init; }
}
