using static HyperKernels.Tests.Gpu.Drivers.DriverCalls;

namespace HyperKernels.Tests.Gpu.Drivers;

/// <summary>What a failure of each function comes to, wherever it is called: what the exception says failed, or that it is silent.</summary>
internal static class DriverOutcomes
{
    // Memory is asked for once more after the pool was emptied; giving back and flushing are done without.
    public static IReadOnlyDictionary<string, string[]> OpenCL { get; } = new Dictionary<string, string[]>
    {
        ["clBuildProgram"] = ["a build", "cannot be opened"],
        ["clCreateBuffer"] = ["out of memory", Silent],
        ["clCreateCommandQueueWithProperties"] = ["cannot be opened"],
        ["clCreateContext"] = ["cannot be opened"],
        ["clCreateKernel"] = ["a build", "cannot be opened"],
        ["clCreateProgramWithSource"] = ["a build", "cannot be opened"],
        ["clEnqueueBarrierWithWaitList"] = ["a download", "a fill", "a launch", "an upload"],
        ["clEnqueueFillBuffer"] = ["clEnqueueFillBuffer"],
        ["clEnqueueNDRangeKernel"] = ["a launch"],
        ["clEnqueueReadBuffer"] = ["clEnqueueReadBuffer"],
        ["clEnqueueWriteBuffer"] = ["clEnqueueWriteBuffer"],
        ["clFinish"] = ["clFinish", Silent],
        ["clFlush"] = [Silent],
        ["clGetDeviceIDs"] = ["clGetDeviceIDs"],
        ["clGetDeviceInfo"] = ["clGetDeviceInfo"],
        ["clGetExtensionFunctionAddressForPlatform"] = [Silent],
        ["clGetKernelWorkGroupInfo"] = ["cannot be opened"],
        ["clGetMemObjectInfo"] = ["clGetMemObjectInfo"],
        ["clGetPlatformIDs"] = ["clGetPlatformIDs"],
        ["clGetPlatformInfo"] = ["clGetPlatformInfo"],
        ["clReleaseCommandQueue"] = [Silent],
        ["clReleaseContext"] = [Silent],
        ["clReleaseKernel"] = ["cannot be opened", Silent],
        ["clReleaseMemObject"] = [Silent],
        ["clReleaseProgram"] = ["cannot be opened", Silent],
        ["clSetKernelArg"] = ["a launch"],
    };

    // As above; a step that the driver does not capture is launched one by one, and a thread that has no context to go back to needs none.
    public static IReadOnlyDictionary<string, string[]> Cuda { get; } = new Dictionary<string, string[]>
    {
        ["cuCtxCreate_v2"] = ["cannot be opened"],
        ["cuCtxDestroy_v2"] = [Silent],
        ["cuCtxGetCacheConfig"] = ["cannot be opened"],
        ["cuCtxGetCurrent"] = ["cuCtxGetCurrent", Silent],
        ["cuCtxGetSharedMemConfig"] = ["cannot be opened"],
        ["cuCtxPopCurrent_v2"] = [Silent],
        ["cuCtxSetCurrent"] = ["cannot be opened", "cuCtxSetCurrent", Silent],
        ["cuDeviceGet"] = ["cuDeviceGet"],
        ["cuDeviceGetAttribute"] = ["cuDeviceGetAttribute"],
        ["cuDeviceGetCount"] = ["cuDeviceGetCount"],
        ["cuDeviceGetName"] = ["cuDeviceGetName"],
        ["cuDeviceTotalMem_v2"] = ["cuDeviceTotalMem"],
        ["cuDriverGetVersion"] = ["cuDriverGetVersion"],
        ["cuEventCreate"] = ["cuEventCreate"],
        ["cuEventDestroy_v2"] = [Silent],
        ["cuEventRecord"] = ["cuEventRecord"],
        ["cuEventSynchronize"] = ["cuEventSynchronize"],
        ["cuGraphDestroy"] = [Silent],
        ["cuGraphExecDestroy"] = [Silent],
        ["cuGraphInstantiateWithFlags"] = [Silent],
        ["cuGraphLaunch"] = ["cuGraphLaunch"],
        ["cuInit"] = ["cuInit"],
        ["cuLaunchKernel"] = ["cuLaunchKernel"],
        ["cuMemAllocHost_v2"] = ["cuMemAllocHost"],
        ["cuMemAlloc_v2"] = ["out of memory", Silent],
        ["cuMemFreeHost"] = [Silent],
        ["cuMemFree_v2"] = [Silent],
        ["cuMemcpyAsync"] = ["cuMemcpyAsync"],
        ["cuMemsetD32Async"] = ["cuMemsetD32Async"],
        ["cuModuleGetFunction"] = ["loading a kernel"],
        ["cuModuleLoadDataEx"] = ["loading a kernel"],
        ["cuModuleUnload"] = [Silent],
        ["cuPointerGetAttribute"] = ["cuPointerGetAttribute"],
        ["cuStreamBeginCapture_v2"] = [Silent],
        ["cuStreamCreate"] = ["cannot be opened"],
        ["cuStreamDestroy_v2"] = [Silent],
        ["cuStreamEndCapture"] = [Silent],
        ["cuStreamSynchronize"] = ["cuStreamSynchronize", Silent],
    };
}
