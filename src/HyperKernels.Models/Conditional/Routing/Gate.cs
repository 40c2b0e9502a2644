using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Scores the experts of a <see cref="SparseMixture"/> for every row.</summary>
public abstract class Gate : Layer
{
    /// <summary>Notes the sizes.</summary>
    /// <param name="inFeatures">The size of a row.</param>
    /// <param name="experts">The number of experts.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    protected Gate(int inFeatures, int experts)
    {
        if (inFeatures < 1 || experts < 1)
        {
            throw new ArgumentException($"{GetType().Name}: inFeatures and experts must be at least 1; got {inFeatures} and {experts}.");
        }
        InFeatures = inFeatures;
        Experts = experts;
    }

    /// <summary>The size of a row.</summary>
    public int InFeatures { get; }

    /// <summary>The number of experts.</summary>
    public int Experts { get; }

    /// <summary>Scores.</summary>
    /// <param name="input">Rows <c>[N, inFeatures]</c>.</param>
    /// <returns><c>[N, experts]</c> each.</returns>
    /// <exception cref="ArgumentException">The rows have another size.</exception>
    public abstract GateScores Forward(Tensor input);
}
