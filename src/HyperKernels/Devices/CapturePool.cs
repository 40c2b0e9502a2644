using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>The buffers that a captured step may use, and nobody else until it is disposed.</summary>
internal sealed class CapturePool
{
    /// <summary>Those that no tensor stands on at the moment, by size.</summary>
    public Dictionary<long, Stack<DeviceBuffer>> Free { get; } = [];

    /// <summary>All of them.</summary>
    public List<DeviceBuffer> Buffers { get; } = [];
}
