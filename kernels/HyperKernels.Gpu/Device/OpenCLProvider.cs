using HyperKernels.Backends;
using ILGPU;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Gpu;

/// <summary>A device through OpenCL: a GPU if there is one, else any other.</summary>
internal sealed class OpenCLProvider : IBackendProvider
{
    private const string Remedy = "On Debian: apt-get install pocl-opencl-icd (processor) or your GPU's driver.";

    private readonly Lazy<(CLDevice? Device, string Reason)> _found = new(Find);

    public string Name => "opencl";

    public string? Absence => _found.Value.Device is null ? _found.Value.Reason : null;

    public bool IsGpu => _found.Value.Device is { DeviceType: CLDeviceType.CL_DEVICE_TYPE_GPU };

    public IBackend Open()
    {
        CLDevice device = _found.Value.Device ?? throw new InvalidOperationException(Absence);
        Context context = Context.Create(builder => Accelerators.Prepare(builder));
        CLAccelerator? accelerator = null;
        try
        {
            accelerator = device.CreateCLAccelerator(context);
            return new GpuBackend(Accelerators.Open(accelerator, accelerator.DefaultStream, owned: true));
        }
        catch (Exception failure)
        {
            Accelerators.Close(context, accelerator);
            if (failure is CLException { Error: CLError status })
            {
                throw new DeviceException($"opencl: {device.Name.Trim()} cannot be opened ({status}, {(int)status}).");
            }
            throw;
        }
    }

    public IEnumerable<IBackend> OpenVariants() => [];

    private static (CLDevice? Device, string Reason) Find()
    {
        if (!NativeLibraries.IsPresent("OpenCL", out string missing))
        {
            return (null, $"no OpenCL loader ({missing}) on this machine. {Remedy}");
        }
        if (NativeLibraries.FirstMissing("OpenCL", OpenCLImports.Functions) is { } function)
        {
            return (null, $"the OpenCL loader lacks {function}. {Remedy}");
        }
        CLDevice? device = OpenCLSearch.Find(out string failure).FirstOrDefault();
        string reason = failure.Length > 0 ? $"the OpenCL installation is broken: {failure}." : "the OpenCL loader knows no device.";
        return (device, device is null ? $"{reason} {Remedy}" : "");
    }
}
