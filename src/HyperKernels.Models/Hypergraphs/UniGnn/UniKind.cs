namespace HyperKernels.Models;

/// <summary>Which convolution a <see cref="UniGnn"/> is made of.</summary>
public enum UniKind
{
    /// <summary><see cref="UniGcnConv"/>.</summary>
    Gcn,

    /// <summary><see cref="UniGatConv"/>.</summary>
    Gat,

    /// <summary><see cref="UniGinConv"/>.</summary>
    Gin,

    /// <summary><see cref="UniSageConv"/>.</summary>
    Sage,
}
