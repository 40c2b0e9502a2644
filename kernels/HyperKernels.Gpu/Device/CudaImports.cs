using System.Runtime.InteropServices;

namespace HyperKernels.Gpu;

/// <summary>The few functions of CUDA's driver that ILGPU does not offer, or whose status it keeps to itself. All return a status, 0 for success.</summary>
internal static partial class CudaImports
{
    private const string Library = "cuda";

    /// <summary>All that is called, here and by ILGPU, so that a driver without one of them is refused before anything is made.</summary>
    public static IReadOnlyList<string> Functions { get; } =
    [
        nameof(cuInit), "cuDriverGetVersion", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceTotalMem_v2", "cuDeviceGetAttribute",
        "cuCtxCreate_v2", "cuCtxDestroy_v2", "cuCtxSetCurrent", nameof(cuCtxGetCurrent), nameof(cuCtxPopCurrent_v2), "cuCtxGetSharedMemConfig",
        "cuCtxGetCacheConfig", "cuMemAlloc_v2", "cuMemFree_v2", "cuMemAllocHost_v2", "cuMemFreeHost", "cuMemcpyAsync", nameof(cuMemsetD32Async),
        nameof(cuPointerGetAttribute), "cuStreamCreate", "cuStreamDestroy_v2", "cuStreamSynchronize", "cuEventCreate", "cuEventDestroy_v2", "cuEventRecord",
        "cuEventSynchronize", "cuModuleLoadDataEx", "cuModuleUnload", "cuModuleGetFunction", "cuLaunchKernel", nameof(cuGetErrorName), "cuGetErrorString",
        nameof(cuStreamBeginCapture_v2), nameof(cuStreamEndCapture), nameof(cuGraphInstantiateWithFlags), nameof(cuGraphLaunch), nameof(cuGraphExecDestroy),
        nameof(cuGraphDestroy),
    ];

    [LibraryImport(Library)]
    public static partial int cuInit(uint flags);

    [LibraryImport(Library)]
    public static partial int cuCtxGetCurrent(out nint context);

    [LibraryImport(Library)]
    public static partial int cuCtxPopCurrent_v2(out nint context);

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
