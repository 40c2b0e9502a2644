using System.Text;
using HyperKernels.Backends.Gpu;
using static HyperKernels.Backends.OpenCL.OpenCLApi;
using static HyperKernels.Backends.OpenCL.OpenCLErrors;

namespace HyperKernels.Backends.OpenCL;

/// <summary>An OpenCL device that was found: a GPU if there is one, else any other.</summary>
/// <param name="Device">OpenCL's id.</param>
/// <param name="Description">Platform and device in words.</param>
/// <param name="Driver">Its version: kernels compiled by one are not for another.</param>
/// <param name="ComputeUnits">How many it has.</param>
/// <param name="IsGpu">Whether it is a GPU; a processor's OpenCL is there for tests and for want of better.</param>
/// <param name="RoundsDivision">Whether it can round divisions and square roots as IEEE 754 asks.</param>
internal sealed unsafe record OpenCLChoice(nint Device, string Description, string Driver, int ComputeUnits, bool IsGpu, bool RoundsDivision)
{
    private const uint PlatformName = 0x0902;
    private const uint DeviceType = 0x1000;
    private const uint DeviceMaxComputeUnits = 0x1002;
    private const uint DeviceSingleConfig = 0x101B;
    private const uint DeviceName = 0x102B;
    private const uint DriverVersion = 0x102D;
    private const uint DeviceVersion = 0x102F;
    private const uint DevicePlatform = 0x1031;
    private const int TextBytes = 1024;
    private const int NoPlatform = -1001;
    private const ulong AllDevices = 0xFFFFFFFF;
    private const ulong GpuType = 4;
    private const ulong CorrectlyRoundedDivision = 128;

    private const string Remedy = "On Debian: apt-get install pocl-opencl-icd (processor) or your GPU's driver.";

    /// <summary>All that is called, so that a loader without one of them is refused before anything is made.</summary>
    internal static IReadOnlyList<string> Functions { get; } =
    [
        nameof(clGetPlatformIDs), nameof(clGetPlatformInfo), nameof(clGetDeviceIDs), nameof(clGetDeviceInfo), nameof(clCreateContext),
        nameof(clReleaseContext), nameof(clCreateCommandQueue), nameof(clReleaseCommandQueue), nameof(clCreateBuffer), nameof(clReleaseMemObject),
        nameof(clCreateProgramWithSource), nameof(clCreateProgramWithBinary), nameof(clBuildProgram), nameof(clGetProgramInfo),
        nameof(clGetProgramBuildInfo), nameof(clReleaseProgram), nameof(clCreateKernel), nameof(clReleaseKernel), nameof(clGetKernelWorkGroupInfo),
        nameof(clSetKernelArg), nameof(clEnqueueNDRangeKernel), nameof(clEnqueueWriteBuffer), nameof(clEnqueueReadBuffer),
        nameof(clEnqueueFillBuffer), nameof(clEnqueueMapBuffer), nameof(clWaitForEvents), nameof(clReleaseEvent), nameof(clFlush), nameof(clFinish),
        nameof(clGetCommandQueueInfo), nameof(clGetMemObjectInfo),
    ];

    /// <summary>Looks at every platform's devices. Null, with the reason, if there is none that can be used.</summary>
    public static OpenCLChoice? Find(out string reason)
    {
        if (!IsUsable(out reason))
        {
            return null;
        }
        try
        {
            List<OpenCLChoice> found = [.. Platforms().SelectMany(Devices)];
            reason = found.Count > 0 ? "" : $"the OpenCL loader knows no device. {Remedy}";
            return found.OrderByDescending(choice => choice.IsGpu).FirstOrDefault();
        }
        catch (DeviceException failure)
        {
            reason = $"the OpenCL installation is broken: {failure.Message} {Remedy}";
            return null;
        }
    }

    /// <summary>Describes one device.</summary>
    /// <exception cref="DeviceException">It does not answer.</exception>
    public static OpenCLChoice Of(nint device) => new(
        device,
        $"{DeviceText(device, DeviceName)} ({PlatformText((nint)DeviceNumber(device, DevicePlatform))})",
        $"{DeviceText(device, DriverVersion)}, {DeviceText(device, DeviceVersion)}",
        (int)DeviceNumber(device, DeviceMaxComputeUnits),
        (DeviceNumber(device, DeviceType) & GpuType) != 0,
        (DeviceNumber(device, DeviceSingleConfig) & CorrectlyRoundedDivision) != 0);

    /// <summary>Whether the loader is there and offers every function in use; if not, why.</summary>
    public static bool IsUsable(out string reason)
    {
        reason = !NativeLibraries.IsPresent("OpenCL", out string missing) ? $"no OpenCL loader ({missing}) on this machine. {Remedy}"
            : NativeLibraries.FirstMissing("OpenCL", Functions) is string function ? $"the OpenCL loader lacks {function}. {Remedy}"
            : "";
        return reason.Length == 0;
    }

    private static nint[] Platforms()
    {
        uint count = 0;
        int status = clGetPlatformIDs(0, null, &count);
        // The loader's way of saying that no driver is registered.
        if (status == NoPlatform)
        {
            return [];
        }
        Check(status, nameof(clGetPlatformIDs), "the list of platforms");
        if (count == 0)
        {
            return [];
        }
        nint[] platforms = new nint[count];
        fixed (nint* first = platforms)
        {
            Check(clGetPlatformIDs(count, first, null), nameof(clGetPlatformIDs), "the list of platforms");
        }
        return platforms;
    }

    private static List<OpenCLChoice> Devices(nint platform)
    {
        uint count = 0;
        // A platform without devices says so by a status: it is passed over.
        if (clGetDeviceIDs(platform, AllDevices, 0, null, &count) != Success || count == 0)
        {
            return [];
        }
        nint[] devices = new nint[count];
        fixed (nint* first = devices)
        {
            Check(clGetDeviceIDs(platform, AllDevices, count, first, null), nameof(clGetDeviceIDs), "the list of devices");
        }
        return [.. devices.Select(Of)];
    }

    private static ulong DeviceNumber(nint device, uint name)
    {
        ulong value = 0;
        Check(clGetDeviceInfo(device, name, sizeof(ulong), &value, null), nameof(clGetDeviceInfo), $"query {name:X}");
        return value;
    }

    private static string PlatformText(nint platform)
    {
        byte* text = stackalloc byte[TextBytes];
        nuint length = 0;
        Check(clGetPlatformInfo(platform, PlatformName, TextBytes, text, &length), nameof(clGetPlatformInfo), "the platform's name");
        return Words(text, length);
    }

    private static string DeviceText(nint device, uint name)
    {
        byte* text = stackalloc byte[TextBytes];
        nuint length = 0;
        Check(clGetDeviceInfo(device, name, TextBytes, text, &length), nameof(clGetDeviceInfo), $"query {name:X}");
        return Words(text, length);
    }

    // A driver's word for the length is not trusted.
    private static string Words(byte* text, nuint length) => Encoding.UTF8.GetString(text, (int)Math.Min(length, TextBytes)).TrimEnd('\0');
}
