namespace HyperKernels.Models;

/// <summary>What a step of CoNHD starts from: a row for every membership, and with ADMM the messages of both sides.</summary>
/// <param name="Rows">f, <c>[M, features]</c>.</param>
/// <param name="EdgeMessages">Those of the hyperedges, <c>[M, features]</c>.</param>
/// <param name="NodeMessages">Those of the nodes, <c>[M, features]</c>.</param>
public readonly record struct CoNhdState(Tensor Rows, Tensor EdgeMessages, Tensor NodeMessages)
{
    /// <summary>Before the first step messages are the rows.</summary>
    /// <param name="rows">f0, <c>[M, features]</c>.</param>
    public static CoNhdState From(Tensor rows) => new(rows, rows, rows);
}
