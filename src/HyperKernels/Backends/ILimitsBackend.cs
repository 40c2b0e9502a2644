namespace HyperKernels.Backends;

/// <summary>Work that shows what a device can do at most: what measured ops are compared with.</summary>
internal interface ILimitsBackend
{
    /// <summary>Bytes of scratch that <see cref="RunMultiplyAdds"/> may write to.</summary>
    const long ScratchBytes = 4L << 20;

    /// <summary>Multiplies and adds on registers alone, on everything the device has.</summary>
    /// <param name="scratch">At least <see cref="ScratchBytes"/>; results that nobody reads may go there.</param>
    /// <returns>How many operations, a multiply-add being two.</returns>
    double RunMultiplyAdds(BufferRef scratch);

    /// <summary>Copies bytes, a multiple of 4096, as fast as the device can.</summary>
    void RunCopy(BufferRef source, BufferRef destination, long bytes);
}
