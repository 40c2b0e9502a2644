namespace HyperKernels;

/// <summary>What an op runs for.</summary>
public enum OpPass
{
    /// <summary>Computing results.</summary>
    Forward,

    /// <summary>Computing gradients: it was called by a tape.</summary>
    Backward,

    /// <summary>Changing parameters: an optimiser's step.</summary>
    Update,
}
