using System.Runtime.InteropServices;

namespace HyperKernels.Gpu;

/// <summary>The few functions of CUDA's driver that ILGPU does not offer. All return a status, 0 for success.</summary>
internal static partial class CudaImports
{
    private const string Library = "cuda";

    /// <summary>What the driver's library must offer, of these and of those that ILGPU calls first, before one of them is called.</summary>
    public static IReadOnlyList<string> Functions { get; } =
    [
        "cuInit", "cuDriverGetVersion", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceGetAttribute", "cuCtxCreate_v2", "cuCtxSetCurrent",
        "cuMemAlloc_v2", "cuMemFree_v2", "cuMemAllocHost_v2", "cuMemcpyAsync", "cuModuleLoadDataEx", "cuModuleGetFunction", "cuLaunchKernel",
        nameof(cuGetErrorName), nameof(cuMemsetD32Async), nameof(cuPointerGetAttribute), nameof(cuStreamBeginCapture_v2), nameof(cuStreamEndCapture),
        nameof(cuGraphInstantiateWithFlags), nameof(cuGraphLaunch), nameof(cuGraphExecDestroy), nameof(cuGraphDestroy),
    ];

    [LibraryImport(Library)]
    public static partial int cuGetErrorName(int status, out nint name);

    [LibraryImport(Library)]
    public static partial int cuMemsetD32Async(nint memory, uint bits, nuint count, nint stream);

    [LibraryImport(Library)]
    public static partial int cuPointerGetAttribute(out nint value, int attribute, nint memory);

    [LibraryImport(Library)]
    public static partial int cuStreamBeginCapture_v2(nint stream, int mode);

    [LibraryImport(Library)]
    public static partial int cuStreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Library)]
    public static partial int cuGraphInstantiateWithFlags(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library)]
    public static partial int cuGraphLaunch(nint executable, nint stream);

    [LibraryImport(Library)]
    public static partial int cuGraphExecDestroy(nint executable);

    [LibraryImport(Library)]
    public static partial int cuGraphDestroy(nint graph);
}
