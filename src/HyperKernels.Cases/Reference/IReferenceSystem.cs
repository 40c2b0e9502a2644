namespace HyperKernels.Cases;

/// <summary>Builds what the cases of a system compute, from their options and with the public interface alone.</summary>
public interface IReferenceSystem
{
    /// <summary>The system's name in the metadata of its cases.</summary>
    string Name { get; }

    /// <summary>Computes the outputs.</summary>
    /// <param name="run">Gives inputs, parameters and options; a tape records.</param>
    /// <returns>Every output of the case under its name without <c>out.</c>, except the loss.</returns>
    IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run);
}
