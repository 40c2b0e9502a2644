namespace HyperKernels.Models;

/// <summary>Which number of a shared bank each weight reads.</summary>
public enum BankMap
{
    /// <summary>One by chance, each weight by itself.</summary>
    Independent,

    /// <summary>Runs of consecutive weights of a tensor read consecutive numbers from a start by chance (ROAST).</summary>
    Chunk,

    /// <summary>
    /// All weights in a row are folded onto the bank, each fold turned by chance: <c>(h(g div m) + g mod m) mod m</c>. Every number is used equally often, and a bank of as
    /// many numbers as weights is the network itself (STABLE-RPS).
    /// </summary>
    RandomFold,
}
