using HyperKernels.Backends;

namespace HyperKernels.Gpu;

// Room for what one launch of a member leaves to the next. All work goes to one stream, so that one room serves all members: whoever
// launches next comes after. The gate is held from the first launch that writes to the last that reads.
internal sealed partial class GpuBackend
{
    private readonly Lock _scratchGate = new();

    // The last is in use. Smaller ones stay: work recorded for replay still points into them. Their sizes double, so they add up to no more than the last.
    private readonly List<GpuBuffer> _scratch = [];

    /// <summary>Room for so many 32-bit elements, contents undefined. The caller holds the gate.</summary>
    private BufferRef Scratch(long elements)
    {
        long bytes = Math.Max(1 << 16, elements * sizeof(float));
        if (_scratch.Count == 0 || _scratch[^1].Bytes < bytes)
        {
            _scratch.Add(_device.Allocate(Math.Max(bytes, _scratch.Count == 0 ? 0 : 2 * _scratch[^1].Bytes)));
        }
        return new BufferRef(_scratch[^1], 0);
    }
}
