using ILGPU.Runtime.Cuda;

namespace HyperKernels.Gpu;

/// <summary>A device through CUDA's driver: a context of ILGPU's own, and one stream.</summary>
internal sealed class CudaDevice : GpuDevice
{
    public CudaDevice(CudaAccelerator accelerator, CudaStream stream, bool owned)
        : base(accelerator, stream, owned, "start the process anew")
    {
        Description = accelerator.Name;
    }

    public override string Name => "cuda";

    public override string Description { get; }

    public override bool HasTensorCores => ((CudaAccelerator)Accelerator).Architecture >= CudaArchitecture.SM_80;

    public override GpuBuffer Borrow(nint memory, long bytes, out long offset) => throw new NotImplementedException();

    protected override bool IsFromDriver(Exception failure) => failure is CudaException;

    protected override DeviceException Translate(Exception failure, string call, string subject) => throw new NotImplementedException();

    protected override void Write(ReadOnlySpan<byte> source, nint memory, long offset) => throw new NotImplementedException();

    protected override void Read(nint memory, long offset, Span<byte> destination) => throw new NotImplementedException();

    protected override void Set(nint memory, long offset, long count, int bits) => throw new NotImplementedException();
}
