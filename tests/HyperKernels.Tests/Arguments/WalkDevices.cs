using HyperKernels.Backends.Cpu;
using HyperKernels.Gpu;
using HyperKernels.Tests.Gpu;

namespace HyperKernels.Tests.Arguments;

/// <summary>Where a walk computes, with little memory so that hugeness is refused, and another device that its tensors must not meet.</summary>
internal sealed class WalkDevices : IDisposable
{
    private const long MostBytes = 64L << 20;

    // Opening one takes longer than all calls of a member.
    private readonly Device? _openCL;

    /// <param name="withOpenCL">Whether the other device is one with memory and kernels of its own, and not the processor in narrower vectors.</param>
    public WalkDevices(bool withOpenCL)
    {
        _openCL = withOpenCL ? new Device(new GpuBackend(Gpus.OpenAnotherOpenCL())) : null;
        (Main, Other) = Open();
    }

    public Device Main { get; private set; }

    public Device Other { get; private set; }

    /// <summary>What members before made and nobody disposed of must not fill the memory of the next.</summary>
    public void Renew()
    {
        Close();
        (Main, Other) = Open();
    }

    public void Dispose()
    {
        Close();
        _openCL?.Dispose();
    }

    private (Device Main, Device Other) Open()
    {
        Device main = new(new CpuBackend(CpuBackend.WidestVector, 1));
        Device other = _openCL ?? new Device(new CpuBackend(CpuBackend.WidestVector == 128 ? 32 : 128, 1));
        main.Memory.Limit = MostBytes;
        // One that stays has what was left on it until it is collected.
        other.Memory.Limit = other.Memory.LiveBytes + MostBytes;
        return (main, other);
    }

    private void Close()
    {
        Main.Dispose();
        if (_openCL is null)
        {
            Other.Dispose();
        }
    }
}
