namespace HyperKernels.Layers;

/// <summary>Which variance an initialiser keeps.</summary>
public enum FanMode
{
    /// <summary>That of the values, on the way forward.</summary>
    In,

    /// <summary>That of the gradients, on the way back.</summary>
    Out,
}
