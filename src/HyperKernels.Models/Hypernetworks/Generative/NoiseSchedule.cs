namespace HyperKernels.Models;

/// <summary>How the noise of a diffusion grows.</summary>
public enum NoiseSchedule
{
    /// <summary>Variances from 0.0001 to 0.02 in a thousand steps, in proportion more in fewer (Ho, Jain, Abbeel, NeurIPS 2020).</summary>
    Linear,

    /// <summary>The share of the signal falls as a squared cosine (Nichol, Dhariwal, ICML 2021).</summary>
    Cosine,
}
