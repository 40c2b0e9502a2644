namespace HyperKernels;

/// <summary>How the four gates of a long short-term memory follow each other.</summary>
public enum LstmOrder
{
    /// <summary>Input, forget, candidate, output: PyTorch's and cuDNN's.</summary>
    InputForgetCandidateOutput,

    /// <summary>Input, candidate, forget, output: TensorFlow's, and the published HyperLSTM's.</summary>
    InputCandidateForgetOutput,
}
