namespace HyperKernels.Backends;

/// <summary>Moving elements: what reshaping, slicing, joining and turning axes need.</summary>
internal interface IShapeBackend
{
    /// <summary>Copies 32-bit elements from places stepped by StrideA to places stepped by StrideB; the places written are distinct.</summary>
    void Copy(in Broadcast sizes, BufferRef source, BufferRef destination);
}
