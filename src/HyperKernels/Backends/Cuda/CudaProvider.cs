using HyperKernels.Backends.Gpu;

namespace HyperKernels.Backends.Cuda;

/// <summary>The first GPU that NVIDIA's driver shows.</summary>
internal sealed class CudaProvider : IBackendProvider
{
    private readonly Lazy<(CudaChoice? Choice, string Reason)> _found = new(() => (CudaChoice.Find(KernelCache.Default, out string reason), reason));

    public string Name => "cuda";

    public string? Absence => _found.Value.Choice is null ? _found.Value.Reason : null;

    public bool IsGpu => true;

    public IBackend Open() => new GpuBackend(new CudaDevice(_found.Value.Choice ?? throw new InvalidOperationException(Absence)));

    public IBackend OpenOver(in ForeignHandles handles) => new GpuBackend(CudaDevice.Over(handles.Context, handles.Queue));

    public IEnumerable<IBackend> OpenVariants() => [];
}
