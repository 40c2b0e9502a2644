using HyperKernels.Backends.Gpu;

namespace HyperKernels.Backends.OpenCL;

/// <summary>A device through OpenCL: a GPU if there is one, else any other.</summary>
internal sealed class OpenCLProvider : IBackendProvider
{
    private readonly Lazy<(OpenCLChoice? Choice, string Reason)> _found = new(() => (OpenCLChoice.Find(out string reason), reason));

    public string Name => "opencl";

    public string? Absence => _found.Value.Choice is null ? _found.Value.Reason : null;

    public bool IsGpu => _found.Value.Choice?.IsGpu ?? false;

    public IBackend Open() =>
        new GpuBackend(new OpenCLDevice(_found.Value.Choice ?? throw new InvalidOperationException(Absence), KernelCache.Default));

    public IBackend OpenOver(in ForeignHandles handles) => new GpuBackend(OpenCLDevice.Over(handles.Context, handles.Queue, handles.Device));

    public IEnumerable<IBackend> OpenVariants() => [];
}
