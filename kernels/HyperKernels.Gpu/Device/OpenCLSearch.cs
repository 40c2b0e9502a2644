using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Gpu;

/// <summary>
/// Looks at every platform's devices as ILGPU does, and remembers what failed: ILGPU passes over that in silence, and over all that comes after it.
/// </summary>
internal static unsafe class OpenCLSearch
{
    // The loader's way of saying that no driver is registered, and a platform's of saying that it has no device.
    private const int NoPlatform = -1001;
    private const int NoDevice = -1;

    private const int MostDevices = 64;

    /// <summary>The devices, GPUs first.</summary>
    /// <param name="failure">What failed last, with call and code; empty if nothing did.</param>
    public static IReadOnlyList<CLDevice> Find(out string failure)
    {
        failure = "";
        List<CLDevice> found = [];
        foreach (nint platform in Platforms(ref failure))
        {
            foreach (nint device in Devices(platform, ref failure))
            {
                if (Describe(platform, device, ref failure) is { } known)
                {
                    found.Add(known);
                }
            }
        }
        return [.. found.OrderByDescending(device => device.DeviceType == CLDeviceType.CL_DEVICE_TYPE_GPU)];
    }

    /// <summary>ILGPU asks devices for generic pointers, which code at this level never has and PoCL does not offer.</summary>
    public static bool TakeWithoutGenericPointers(CLDevice device)
    {
        typeof(CLCapabilityContext).GetProperty(nameof(device.Capabilities.GenericAddressSpace))!.SetValue(device.Capabilities, true);
        return true;
    }

    private static nint[] Platforms(ref string failure)
    {
        CLAPI loader = CLAPI.CurrentAPI;
        if (!loader.IsSupported)
        {
            // ILGPU has asked already, and keeps no status.
            uint none;
            CLError status = OpenCLImports.clGetPlatformIDs(0, null, &none);
            failure = (int)status is 0 or NoPlatform ? "" : Text(nameof(OpenCLImports.clGetPlatformIDs), status);
            return [];
        }
        CLError counted = loader.GetNumPlatforms(out int count);
        if (counted != CLError.CL_SUCCESS || count == 0)
        {
            failure = (int)counted is 0 or NoPlatform ? "" : Text(nameof(OpenCLImports.clGetPlatformIDs), counted);
            return [];
        }
        nint[] platforms = new nint[count];
        CLError listed = loader.GetPlatforms(platforms, ref count);
        if (listed == CLError.CL_SUCCESS)
        {
            return platforms;
        }
        failure = Text(nameof(OpenCLImports.clGetPlatformIDs), listed);
        return [];
    }

    private static nint[] Devices(nint platform, ref string failure)
    {
        nint[] devices = new nint[MostDevices];
        CLError status = CLAPI.CurrentAPI.GetDevices(platform, CLDeviceType.CL_DEVICE_TYPE_ALL, devices, out int count);
        if (status == CLError.CL_SUCCESS)
        {
            return devices[..Math.Min(count, MostDevices)];
        }
        failure = (int)status == NoDevice ? failure : Text("clGetDeviceIDs", status);
        return [];
    }

    private static CLDevice? Describe(nint platform, nint device, ref string failure)
    {
        string call = "clGetPlatformInfo";
        try
        {
            _ = CLAPI.CurrentAPI.GetPlatformInfo(platform, CLPlatformInfoType.CL_PLATFORM_NAME);
            call = "clGetDeviceInfo";
            if (CLAPI.CurrentAPI.GetDeviceInfo<int>(device, CLDeviceInfoType.CL_DEVICE_AVAILABLE) == 0)
            {
                return null;
            }
            CLDevice known = new(platform, device);
            _ = TakeWithoutGenericPointers(known);
            return known;
        }
        catch (CLException refusal)
        {
            failure = Text(call, refusal.Error);
            return null;
        }
    }

    private static string Text(string call, CLError status) => $"{call} failed ({status}, {(int)status})";
}
