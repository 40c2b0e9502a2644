using HyperKernels.Backends;
using ILGPU;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Gpu;

/// <summary>A device through OpenCL: a GPU if there is one, else any other.</summary>
internal sealed class OpenCLProvider : IBackendProvider
{
    private const string Remedy = "On Debian: apt-get install pocl-opencl-icd (processor) or your GPU's driver.";

    private readonly Lazy<(Context? Context, CLDevice? Device, string Reason)> _found = new(Find);

    public string Name => "opencl";

    public string? Absence => _found.Value.Device is null ? _found.Value.Reason : null;

    public bool IsGpu => _found.Value.Device is { DeviceType: CLDeviceType.CL_DEVICE_TYPE_GPU };

    public IBackend Open()
    {
        (_, CLDevice? device, string reason) = _found.Value;
        // A context of its own: it ends with the device.
        Context context = Accelerators.OpenCLContext();
        CLDevice own = context.Devices.OfType<CLDevice>().First(known => known.DeviceId == (device ?? throw new InvalidOperationException(reason)).DeviceId);
        CLAccelerator accelerator = own.CreateCLAccelerator(context);
        return new GpuBackend(Accelerators.Open(accelerator, accelerator.DefaultStream, owned: true));
    }

    public IBackend OpenOver(in ForeignHandles handles) => throw new NotSupportedException();

    public IEnumerable<IBackend> OpenVariants() => [];

    private static (Context? Context, CLDevice? Device, string Reason) Find()
    {
        if (!NativeLibraries.IsPresent("OpenCL", out string missing))
        {
            return (null, null, $"no OpenCL loader ({missing}) on this machine. {Remedy}");
        }
        Context context = Accelerators.OpenCLContext();
        CLDevice? device = context.Devices.OfType<CLDevice>().OrderByDescending(known => known.DeviceType == CLDeviceType.CL_DEVICE_TYPE_GPU).FirstOrDefault();
        return (context, device, device is null ? $"the OpenCL loader knows no device. {Remedy}" : "");
    }
}
