namespace HyperKernels.Models;

/// <summary>In which pieces a hypernetwork made by <see cref="TaskHyperNetwork"/> generates weights.</summary>
public enum TaskEmission
{
    /// <summary>Chunk by chunk, by one output layer that is told which chunk: the published default.</summary>
    Chunks,

    /// <summary>All at once, by one output layer. The target's layers then need not have the weights in memory.</summary>
    Full,

    /// <summary>Chunk by chunk, by a recurrent network that runs over the chunks.</summary>
    RecurrentChunks,

    /// <summary>Tensor by tensor, by a recurrent network that runs over the tensors, with a head for each.</summary>
    RecurrentHeads,
}
