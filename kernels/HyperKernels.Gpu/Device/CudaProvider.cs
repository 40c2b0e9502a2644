using HyperKernels.Backends;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace HyperKernels.Gpu;

/// <summary>The first GPU that NVIDIA's driver shows (CUDA_VISIBLE_DEVICES chooses).</summary>
internal sealed class CudaProvider : IBackendProvider
{
    private const string Remedy = "Needed: an NVIDIA GPU and its driver, version 460 (CUDA 11.2) or later.";

    private readonly Lazy<(ILGPU.Runtime.Cuda.CudaDevice? Device, string Reason)> _found = new(Find);

    public string Name => "cuda";

    public string? Absence => _found.Value.Device is null ? _found.Value.Reason : null;

    public bool IsGpu => true;

    public IBackend Open()
    {
        ILGPU.Runtime.Cuda.CudaDevice device = _found.Value.Device ?? throw new InvalidOperationException(Absence);
        Context context = Context.Create(builder => Accelerators.Prepare(builder));
        try
        {
            CudaAccelerator accelerator = device.CreateCudaAccelerator(context);
            return new GpuBackend(Accelerators.Open(accelerator, (CudaStream)accelerator.CreateStream(), owned: true));
        }
        catch (CudaException failure)
        {
            context.Dispose();
            throw new DeviceException($"cuda: {device.Name} cannot be opened ({failure.Error}).");
        }
    }

    public IBackend OpenOver(in ForeignHandles handles) => throw new NotSupportedException();

    public IEnumerable<IBackend> OpenVariants() => [];

    private static (ILGPU.Runtime.Cuda.CudaDevice? Device, string Reason) Find()
    {
        if (!NativeLibraries.IsPresent("cuda", out string missing))
        {
            return (null, $"{missing}. {Remedy}");
        }
        if (NativeLibraries.FirstMissing("cuda", CudaImports.Functions) is { } function)
        {
            return (null, $"the NVIDIA driver's library lacks {function}. {Remedy}");
        }
        // ILGPU finds nothing and says nothing where the driver refuses: it is asked first.
        CudaAPI driver = CudaAPI.CurrentAPI;
        CudaError status = driver.GetDeviceCount(out int count);
        if (status != CudaError.CUDA_SUCCESS || count == 0)
        {
            return (null, status == CudaError.CUDA_SUCCESS ? $"the NVIDIA driver shows no device. {Remedy}" : $"the NVIDIA driver answers {status}. {Remedy}");
        }
        ILGPU.Runtime.Cuda.CudaDevice? device = ILGPU.Runtime.Cuda.CudaDevice.GetDevices(known => known.InstructionSet is not null)
            .OfType<ILGPU.Runtime.Cuda.CudaDevice>().FirstOrDefault();
        return (device, device is null ? $"ILGPU can use none of the {count} devices of this driver: it is too old, or the device is. {Remedy}" : "");
    }
}
