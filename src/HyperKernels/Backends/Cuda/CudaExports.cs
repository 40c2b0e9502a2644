using static HyperKernels.Backends.Cuda.CudaApi;
using static HyperKernels.Backends.Cuda.NvrtcApi;

namespace HyperKernels.Backends.Cuda;

/// <summary>What the libraries must offer, all of it, before one function is called: an old or hostile one is found out at the start.</summary>
internal static class CudaExports
{
    public static string[] Driver { get; } =
    [
        nameof(cuInit), nameof(cuDriverGetVersion), nameof(cuGetErrorName), nameof(cuDeviceGetCount), nameof(cuDeviceGet), nameof(cuDeviceGetName),
        nameof(cuDeviceTotalMem_v2), nameof(cuDeviceGetAttribute), nameof(cuDevicePrimaryCtxRetain), nameof(cuDevicePrimaryCtxRelease_v2),
        nameof(cuCtxPushCurrent_v2), nameof(cuCtxPopCurrent_v2), nameof(cuCtxGetDevice), nameof(cuStreamCreate), nameof(cuStreamDestroy_v2),
        nameof(cuStreamSynchronize), nameof(cuEventCreate), nameof(cuEventRecord), nameof(cuEventSynchronize), nameof(cuEventDestroy_v2),
        nameof(cuMemAlloc_v2), nameof(cuMemFree_v2), nameof(cuMemAllocAsync), nameof(cuMemFreeAsync), nameof(cuMemHostAlloc), nameof(cuMemFreeHost),
        nameof(cuMemcpyHtoDAsync_v2), nameof(cuMemcpyDtoHAsync_v2), nameof(cuMemsetD32Async), nameof(cuModuleLoadDataEx), nameof(cuModuleUnload),
        nameof(cuModuleGetFunction), nameof(cuFuncGetAttribute), nameof(cuLaunchKernel), nameof(cuStreamBeginCapture_v2),
        nameof(cuStreamEndCapture), nameof(cuGraphInstantiate_v2), nameof(cuGraphDestroy), nameof(cuGraphLaunch), nameof(cuGraphExecDestroy),
    ];

    public static string[] Nvrtc { get; } =
    [
        nameof(nvrtcVersion), nameof(nvrtcGetErrorString), nameof(nvrtcGetNumSupportedArchs), nameof(nvrtcGetSupportedArchs), nameof(nvrtcCreateProgram),
        nameof(nvrtcDestroyProgram), nameof(nvrtcCompileProgram), nameof(nvrtcGetProgramLogSize), nameof(nvrtcGetProgramLog), nameof(nvrtcGetCUBINSize),
        nameof(nvrtcGetCUBIN), nameof(nvrtcGetPTXSize), nameof(nvrtcGetPTX),
    ];
}
