using HyperKernels.Backends.Cpu;

namespace HyperKernels.Tests.Arguments;

/// <summary>Where a walk computes, with little memory so that hugeness is refused, and another device that its tensors must not meet.</summary>
internal sealed class WalkDevices : IDisposable
{
    private const long MostBytes = 64L << 20;

    public Device Main { get; } = new(new CpuBackend(32, 1));

    public Device Other { get; } = new(new CpuBackend(16, 1));

    public WalkDevices()
    {
        Main.Memory.Limit = MostBytes;
        Other.Memory.Limit = MostBytes;
    }

    public void Dispose()
    {
        Main.Dispose();
        Other.Dispose();
    }
}
