namespace HyperKernels.Cases;

/// <summary>A parameter of an <see cref="OptimizerCase"/>, and where its gradient comes from.</summary>
/// <param name="Shape">
/// Its axes. A vector's gradient is that of <c>sum c p^2</c>, which depends on the parameter; a matrix <c>[O, I]</c> is used by linear layers, so that its
/// gradient is a sum of products.
/// </param>
/// <param name="Rows">The depth of each product: rows of the layers' inputs.</param>
/// <param name="Uses">How many layers use the matrix in one step.</param>
public sealed record OptimizerParameter(Shape Shape, int Rows = 0, int Uses = 1)
{
    /// <summary>Whether it is a matrix that linear layers use.</summary>
    public bool IsMatrix => Shape.Rank == 2;
}
