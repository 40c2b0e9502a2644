namespace HyperKernels.Models;

/// <summary>How far a student's distribution s is from its teacher's t.</summary>
public enum DivergenceForm
{
    /// <summary><c>KL(t || s) = sum t (log t - log s)</c>, the paper's.</summary>
    KullbackLeibler,

    /// <summary><c>sum exp(t) (t - log s)</c>: what the authors' training script computes, which hands over probabilities as if they were logarithms.</summary>
    Released,
}
