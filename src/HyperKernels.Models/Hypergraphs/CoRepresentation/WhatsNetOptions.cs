namespace HyperKernels.Models;

/// <summary>What WHATsNet is made of; without changes the authors' defaults.</summary>
public sealed record WhatsNetOptions
{
    /// <summary>From nodes to hyperedges and back; how often.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>How memberships change with regard to each other before they are gathered; the authors compare attention of all with all.</summary>
    public MembershipOperator Operator { get; init; } = MembershipOperator.InducedAttention;

    /// <summary>How many operators follow each other on each side.</summary>
    public int OperatorDepth { get; init; } = 2;

    /// <summary>How many operators inside hyperedges come before the logits.</summary>
    public int ReadoutDepth { get; init; } = 1;

    /// <summary>The heads of attention.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>The learned rows of induced attention.</summary>
    public int InducingRows { get; init; } = 4;

    /// <summary>P: the numbers of a positional encoding; 0 for none.</summary>
    public int Encodings { get; init; } = 4;

    /// <summary>Whether attention normalises rows.</summary>
    public bool LayerNorm { get; init; }

    /// <summary>The share of what operators and gathering give that training sets to zero.</summary>
    public float Dropout { get; init; } = 0.7f;
}
