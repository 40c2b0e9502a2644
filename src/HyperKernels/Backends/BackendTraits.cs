namespace HyperKernels.Backends;

/// <summary>What plans are chosen by: facts of a device that do not change while it is open.</summary>
/// <param name="LaunchesKernels">Whether ops are launches of kernels, which cost time each and run on their own; else threads of this process do the work.</param>
/// <param name="VectorWidth">Bits of the registers in use, 32 for scalar code. This and the next are of interest, and not 0, where threads do the work.</param>
/// <param name="Level2Bytes">The second data cache of a core.</param>
/// <param name="Level3Bytes">The last data cache.</param>
/// <param name="GeneratedTile">How many weights <see cref="IGenerateBackend.GenerateLinear"/> generates at a time.</param>
/// <param name="PieceSlots">
/// A segment with more slots is cut into pieces of so many, which are summed on their own and then joined in order: one huge hyperedge keeps every core busy.
/// </param>
internal sealed record BackendTraits(
    bool LaunchesKernels, int VectorWidth, int Level2Bytes, int Level3Bytes, int GeneratedTile, int PieceSlots);
