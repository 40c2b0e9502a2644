namespace HyperKernels.Models;

/// <summary>How the experts of a row and their shares follow from the gate's logits; the experts are the same, the shares are not.</summary>
public enum ExpertSelection
{
    /// <summary>A softmax over the logits that are kept: the paper's form.</summary>
    SoftmaxOfKept,

    /// <summary>A softmax over all experts, of which the largest are kept and divided by their sum plus 1e-6: the form of a well-known port.</summary>
    KeptOfSoftmax,

    /// <summary>A softmax over all experts: the largest are kept, several divided by their sum, while one that is kept alone counts its probability.</summary>
    KeptProbabilities,
}
