namespace HyperKernels.Cases;

/// <summary>
/// Builds what the reference cases of one name compute, from their options and with the public interface alone. The published system that
/// the name belongs to is the entry of <see cref="Models.PublishedSystems"/> that lists it; primitives (<c>prim_*</c>) belong to none.
/// </summary>
public interface IReferenceSystem
{
    /// <summary>What its cases name as their <c>system</c>.</summary>
    string Name { get; }

    /// <summary>Computes the outputs.</summary>
    /// <param name="run">Gives inputs, parameters and options; a tape records.</param>
    /// <returns>
    /// Every output of the case under its name without <c>out.</c>. The loss only where it is more than a weighted sum of outputs: then as <c>loss</c>.
    /// </returns>
    IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run);
}
