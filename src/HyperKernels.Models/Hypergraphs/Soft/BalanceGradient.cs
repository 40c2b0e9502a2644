namespace HyperKernels.Models;

/// <summary>What gradient the balance loss of a <see cref="SoftHgnnSesConv"/> has; its value is the same.</summary>
public enum BalanceGradient
{
    /// <summary>
    /// Straight through: the choice counts as k times the softmax of the scores, so that hyperedges which are kept too often lose score and
    /// those that are kept too seldom gain it.
    /// </summary>
    StraightThrough,

    /// <summary>None: the authors' released code takes the loss of a mask without gradient, so that it changes nothing.</summary>
    None,
}
