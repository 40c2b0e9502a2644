namespace HyperKernels.Models;

/// <summary>From which state of the small network the embeddings of a step come.</summary>
public enum EmbeddingState
{
    /// <summary>The one that it has reached in the same step: the authors' released cell.</summary>
    SameStep,

    /// <summary>The one that it had before: the paper's equations.</summary>
    PreviousStep,
}
