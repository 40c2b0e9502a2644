namespace HyperKernels.Models;

/// <summary>How a <see cref="HyperShot"/> relates two embeddings.</summary>
public enum SupportKernel
{
    /// <summary><c>1 - cos(a, b)</c>: a distance, which the paper calls a kernel.</summary>
    CosineDistance,

    /// <summary><c>phi(a) phi(b)'</c> with a learned MLP.</summary>
    Network,

    /// <summary><c>1 + cos(phi(a), phi(b))</c> with a learned MLP.</summary>
    CosineNetwork,

    /// <summary><c>a b'</c></summary>
    ScalarProduct,
}

/// <summary>How the embeddings of a class's examples become rows of the kernel matrix.</summary>
public enum SupportAggregation
{
    /// <summary>Their mean: a row for each class.</summary>
    Mean,

    /// <summary>Their largest elements: a row for each class.</summary>
    Max,

    /// <summary>Their smallest elements: a row for each class.</summary>
    Min,

    /// <summary>All of them: a row for each example, class by class.</summary>
    Concatenate,
}
