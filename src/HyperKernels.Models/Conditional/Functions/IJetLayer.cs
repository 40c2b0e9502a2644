namespace HyperKernels.Models;

/// <summary>A function of coordinates that gives its derivatives beside its values.</summary>
public interface IJetLayer
{
    /// <summary>Evaluates values and derivatives.</summary>
    /// <param name="coordinates"><c>[B, N, D]</c>; with weights for every sample B samples.</param>
    /// <returns>Values and derivatives of the outputs.</returns>
    Jet ForwardJet(Tensor coordinates);
}
