using System.Globalization;
using System.Runtime.InteropServices;
using HyperKernels.Backends.Gpu;
using static HyperKernels.Backends.Cuda.CudaApi;
using static HyperKernels.Backends.Cuda.CudaErrors;

namespace HyperKernels.Backends.Cuda;

/// <summary>A CUDA device that was found, and where its kernels come from.</summary>
/// <param name="Device">The driver's number for it.</param>
/// <param name="Description">Device, memory, driver and the kernels' origin in words.</param>
/// <param name="ComputeUnits">Its multiprocessors.</param>
/// <param name="Architecture">Ten times its compute capability: 90 for 9.0.</param>
/// <param name="HasPools">Whether the driver hands out memory in stream order.</param>
/// <param name="Compiler">Turns a file of kernels into an image for it.</param>
internal sealed unsafe record CudaChoice(int Device, string Description, int ComputeUnits, int Architecture, bool HasPools, ICudaCompiler Compiler)
{
    private const int MultiprocessorCount = 16;
    private const int CapabilityMajor = 75;
    private const int CapabilityMinor = 76;
    private const int MemoryPoolsSupported = 115;

    private const string Remedy = "Needed: an NVIDIA GPU and its driver, version 460 (CUDA 11.2) or later.";

    /// <summary>Takes the first device that the driver shows (CUDA_VISIBLE_DEVICES chooses). Null, with the reason, if there is none that can be used.</summary>
    public static CudaChoice? Find(KernelCache cache, out string reason)
    {
        if (!IsUsable(out reason))
        {
            return null;
        }
        try
        {
            int status = cuInit(0);
            int count = 0;
            if (status == Success)
            {
                Check(cuDeviceGetCount(&count), nameof(cuDeviceGetCount), "the number of devices");
            }
            if (count == 0)
            {
                reason = status == Success ? $"the NVIDIA driver shows no device. {Remedy}" : $"{Bare(Text(nameof(cuInit), status, "the NVIDIA driver"))} {Remedy}";
                return null;
            }
            int device;
            Check(cuDeviceGet(&device, 0), nameof(cuDeviceGet), "device 0");
            return Of(device, cache, out reason);
        }
        catch (DeviceException failure)
        {
            reason = $"the CUDA installation is broken: {Bare(failure.Message)} {Remedy}";
            return null;
        }
    }

    /// <summary>Describes one device. Null, with the reason, if nothing here can compile kernels for it.</summary>
    /// <exception cref="DeviceException">The driver does not answer.</exception>
    public static CudaChoice? Of(int device, KernelCache cache, out string reason)
    {
        int architecture = (Ask(device, CapabilityMajor) * 10) + Ask(device, CapabilityMinor);
        ICudaCompiler? compiler = FindCompiler(architecture, cache, out reason);
        return compiler is null ? null : new CudaChoice(
            device, Describe(device, architecture, compiler), Ask(device, MultiprocessorCount), architecture, HasMemoryPools(device), compiler);
    }

    /// <summary>Whether the driver's library is there and offers every function in use; if not, why.</summary>
    public static bool IsUsable(out string reason)
    {
        if (!NativeLibraries.IsPresent("cuda", out reason))
        {
            reason = $"{reason}. {Remedy}";
            return false;
        }
        if (NativeLibraries.FirstMissing("cuda", CudaExports.Driver) is { } missing)
        {
            reason = $"the NVIDIA driver's library lacks {missing}. {Remedy}";
            return false;
        }
        return true;
    }

    // HYPERKERNELS_NVRTC is a person's wish and comes first. Else PTX inside the library: the driver alone is enough, and what runs does
    // not depend on which toolkit happens to be installed. Else an NVRTC that was found.
    private static ICudaCompiler? FindCompiler(int architecture, KernelCache cache, out string reason)
    {
        bool wished = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("HYPERKERNELS_NVRTC"));
        reason = "";
        if (!wished && EmbeddedPtx.Runs(architecture))
        {
            return new EmbeddedPtx();
        }
        if (NvrtcCompiler.Find(architecture, cache, out string absent) is { } nvrtc)
        {
            return nvrtc;
        }
        reason = $"nothing compiles its kernels: {absent}, and {EmbeddedPtx.WhyNot(architecture)}. "
            + "Install NVRTC (CUDA toolkit, or pip install nvidia-cuda-nvrtc-cu12) and name its file in HYPERKERNELS_NVRTC if it is not found.";
        return null;
    }

    private static string Describe(int device, int architecture, ICudaCompiler compiler)
    {
        byte* name = stackalloc byte[256];
        Check(cuDeviceGetName(name, 256, device), nameof(cuDeviceGetName), $"device {device}");
        nuint bytes;
        Check(cuDeviceTotalMem_v2(&bytes, device), nameof(cuDeviceTotalMem_v2), $"device {device}");
        int driver;
        Check(cuDriverGetVersion(&driver), nameof(cuDriverGetVersion), "the driver");
        return string.Create(CultureInfo.InvariantCulture,
            $"{Marshal.PtrToStringUTF8((nint)name)} (compute {architecture / 10}.{architecture % 10}, {bytes >> 20:N0} MiB, CUDA {driver / 1000}.{driver % 1000 / 10}, "
            + $"{compiler.Description})");
    }

    private static int Ask(int device, int attribute)
    {
        int value;
        Check(cuDeviceGetAttribute(&value, attribute, device), nameof(cuDeviceGetAttribute), $"attribute {attribute} of device {device}");
        return value;
    }

    // A driver that does not know the attribute refuses the question.
    private static bool HasMemoryPools(int device)
    {
        int value = 0;
        return cuDeviceGetAttribute(&value, MemoryPoolsSupported, device) == Success && value != 0;
    }

    private static string Bare(string message) => message.StartsWith("cuda: ", StringComparison.Ordinal) ? message["cuda: ".Length..] : message;
}
