using HyperKernels.Backends;
using ILGPU;
using ILGPU.Runtime.Cuda;
using static HyperKernels.Gpu.CudaErrors;
using static HyperKernels.Gpu.CudaImports;

namespace HyperKernels.Gpu;

/// <summary>The first GPU that NVIDIA's driver shows (CUDA_VISIBLE_DEVICES chooses).</summary>
internal sealed class CudaProvider : IBackendProvider
{
    private const string Remedy = "Needed: an NVIDIA GPU and its driver, version 470 (CUDA 11.4) or later.";

    private readonly Lazy<(ILGPU.Runtime.Cuda.CudaDevice? Device, string Reason)> _found = new(Find);

    public string Name => "cuda";

    public string? Absence => _found.Value.Device is null ? _found.Value.Reason : null;

    public bool IsGpu => true;

    public IBackend Open() => new GpuBackend(OpenDevice());

    public IEnumerable<IBackend> OpenVariants() => [];

    /// <summary>The device without ops. Leaves the calling thread the context that it had.</summary>
    /// <exception cref="DeviceException">The driver fails.</exception>
    internal GpuDevice OpenDevice()
    {
        ILGPU.Runtime.Cuda.CudaDevice device = _found.Value.Device ?? throw new InvalidOperationException(Absence);
        _ = cuCtxGetCurrent(out nint before);
        Context context = Context.Create(builder => Accelerators.Prepare(builder));
        CudaAccelerator? accelerator = null;
        try
        {
            accelerator = device.CreateCudaAccelerator(context);
            GpuDevice opened = Accelerators.Open(accelerator, (CudaStream)accelerator.CreateStream(), owned: true);
            // Making a context puts it upon those that the thread has.
            _ = cuCtxPopCurrent_v2(out _);
            return opened;
        }
        catch (Exception failure)
        {
            if (accelerator is null && cuCtxGetCurrent(out nint made) == Success && made != before)
            {
                // ILGPU made it and failed at what it asked next.
                _ = CudaAPI.CurrentAPI.DestroyContext(made);
            }
            Accelerators.Close(context, accelerator);
            if (failure is CudaException refusal)
            {
                throw new DeviceException($"cuda: {device.Name} cannot be opened ({refusal.Error}, {StatusOf(refusal)}).");
            }
            throw;
        }
        finally
        {
            _ = CudaAPI.CurrentAPI.SetCurrentContext(before);
        }
    }

    private static (ILGPU.Runtime.Cuda.CudaDevice? Device, string Reason) Find()
    {
        if (!NativeLibraries.IsPresent("cuda", out string missing))
        {
            return (null, $"{missing}. {Remedy}");
        }
        if (NativeLibraries.FirstMissing("cuda", Functions) is { } function)
        {
            return (null, $"the NVIDIA driver's library lacks {function}. {Remedy}");
        }
        // ILGPU finds nothing and says nothing where the driver refuses: it is asked first.
        int status = cuInit(0);
        if (status != Success)
        {
            return (null, $"{Text(nameof(cuInit), status)}. {Remedy}");
        }
        CudaAPI driver = CudaAPI.CurrentAPI;
        status = (int)driver.GetDeviceCount(out int count);
        if (status != Success || count == 0)
        {
            return (null, status == Success ? $"the NVIDIA driver shows no device. {Remedy}" : Broken("cuDeviceGetCount", status));
        }
        ILGPU.Runtime.Cuda.CudaDevice? device = ILGPU.Runtime.Cuda.CudaDevice.GetDevices(known => known.InstructionSet is not null)
            .OfType<ILGPU.Runtime.Cuda.CudaDevice>().FirstOrDefault();
        return (device, device is null ? WhyUnusable(driver) : "");
    }

    // ILGPU passes over a device that does not answer: the same questions again.
    private static string WhyUnusable(CudaAPI driver)
    {
        (string Call, CudaError Status)[] answers =
        [
            ("cuDeviceGet", driver.GetDevice(out int device, 0)),
            ("cuDeviceGetName", driver.GetDeviceName(out string? name, device)),
            ("cuDeviceGetAttribute", driver.GetDeviceComputeCapability(out int major, out int minor, device)),
            ("cuDriverGetVersion", driver.GetDriverVersion(out CudaDriverVersion version)),
            ("cuDeviceTotalMem", driver.GetTotalDeviceMemory(out long _, device)),
        ];
        (string call, CudaError status) = answers.FirstOrDefault(answer => answer.Status != CudaError.CUDA_SUCCESS);
        return status != CudaError.CUDA_SUCCESS
            ? Broken(call, (int)status)
            : $"ILGPU has no code for {name} (compute {major}.{minor}) with this driver (CUDA {version.Major}.{version.Minor}). {Remedy}";
    }

    private static string Broken(string call, int status) => $"the CUDA installation is broken: {Text(call, status)}. {Remedy}";
}
