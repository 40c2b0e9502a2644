namespace HyperKernels.Backends.Cpu;

/// <summary>
/// A kernel cut into tiles that write disjoint outputs, so that the result depends neither on which thread runs a tile nor on how
/// many threads there are. How the work is cut may depend on sizes only, never on the thread count.
/// </summary>
internal interface ITiles
{
    /// <summary>Computes one tile at vector width <typeparamref name="TVec"/>.</summary>
    void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>;
}
