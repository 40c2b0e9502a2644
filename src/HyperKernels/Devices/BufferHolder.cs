using HyperKernels.Backends;
using HyperKernels.Backends.Watched;

namespace HyperKernels;

/// <summary>What keeps a buffer in use, and is kept to be used again itself: the node of a tensor, of which the memory knows no more than this.</summary>
internal abstract class BufferHolder
{
    /// <summary>Null while nothing holds it.</summary>
    public DeviceBuffer? Buffer { get; set; }

    /// <summary>Who made what stands there; null where that was not noted.</summary>
    public CallSite? Maker { get; set; }

    /// <summary>What stands in the buffer, for messages: a shape.</summary>
    public abstract override string ToString();
}
