namespace HyperKernels.Models;

/// <summary>What CoNHD is made of; without changes the authors' defaults.</summary>
public sealed record CoNhdOptions
{
    /// <summary>How memberships change with regard to each other.</summary>
    public MembershipOperator Operator { get; init; } = MembershipOperator.InducedAttention;

    /// <summary>What a layer is a step of.</summary>
    public CoNhdSolver Solver { get; init; } = CoNhdSolver.GradientDescent;

    /// <summary>How many steps are made.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>Whether all steps have the same weights.</summary>
    public bool SharedWeights { get; init; } = true;

    /// <summary>How many operators follow each other on each side of a step.</summary>
    public int OperatorDepth { get; init; } = 2;

    /// <summary>The heads of attention.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>The learned rows of induced attention.</summary>
    public int InducingRows { get; init; } = 4;

    /// <summary>P: the numbers of a positional encoding; 0 for none.</summary>
    public int Encodings { get; init; } = 4;

    /// <summary>Whether operators and steps normalise rows.</summary>
    public bool LayerNorm { get; init; }

    /// <summary>The share of what operators give that training sets to zero.</summary>
    public float Dropout { get; init; } = 0.7f;

    /// <summary>The share of first rows that training sets to zero.</summary>
    public float InputDropout { get; init; }
}
