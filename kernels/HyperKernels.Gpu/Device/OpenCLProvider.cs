using HyperKernels.Backends;
using ILGPU;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Gpu;

/// <summary>A device through OpenCL: a GPU if there is one, else any other.</summary>
internal sealed class OpenCLProvider : IBackendProvider
{
    private const string Remedy = "On Debian: apt-get install pocl-opencl-icd (processor) or your GPU's driver.";

    // What is called in any case, so that a loader without one of them is refused before anything is made.
    private static readonly string[] s_functions =
    [
        "clGetPlatformIDs", "clGetPlatformInfo", "clGetDeviceIDs", "clGetDeviceInfo", "clCreateContext", "clReleaseContext", "clCreateCommandQueue",
        "clReleaseCommandQueue", "clCreateBuffer", "clReleaseMemObject", "clCreateProgramWithSource", "clBuildProgram", "clGetProgramBuildInfo",
        "clReleaseProgram", "clCreateKernel", "clReleaseKernel", "clSetKernelArg", "clEnqueueNDRangeKernel", "clEnqueueReadBuffer", "clEnqueueWriteBuffer",
        "clEnqueueFillBuffer", "clEnqueueBarrierWithWaitList", "clFlush", "clFinish", "clGetMemObjectInfo",
    ];

    private readonly Lazy<(CLDevice? Device, string Reason)> _found = new(Find);

    public string Name => "opencl";

    public string? Absence => _found.Value.Device is null ? _found.Value.Reason : null;

    public bool IsGpu => _found.Value.Device is { DeviceType: CLDeviceType.CL_DEVICE_TYPE_GPU };

    public IBackend Open()
    {
        CLDevice device = _found.Value.Device ?? throw new InvalidOperationException(Absence);
        Context context = Context.Create(builder => Accelerators.Prepare(builder));
        try
        {
            CLAccelerator accelerator = device.CreateCLAccelerator(context);
            return new GpuBackend(Accelerators.Open(accelerator, accelerator.DefaultStream, owned: true));
        }
        catch (CLException failure)
        {
            context.Dispose();
            throw new DeviceException($"opencl: {device.Name.Trim()} cannot be opened ({failure.Error}).");
        }
    }

    public IBackend OpenOver(in ForeignHandles handles) => throw new NotSupportedException();

    public IEnumerable<IBackend> OpenVariants() => [];

    private static (CLDevice? Device, string Reason) Find()
    {
        if (!NativeLibraries.IsPresent("OpenCL", out string missing))
        {
            return (null, $"no OpenCL loader ({missing}) on this machine. {Remedy}");
        }
        if (NativeLibraries.FirstMissing("OpenCL", s_functions) is { } function)
        {
            return (null, $"the OpenCL loader lacks {function}. {Remedy}");
        }
        CLDevice? device = Accelerators.OpenCLDevices().FirstOrDefault();
        return (device, device is null ? $"the OpenCL loader knows no device that can be used. {Remedy}" : "");
    }
}
