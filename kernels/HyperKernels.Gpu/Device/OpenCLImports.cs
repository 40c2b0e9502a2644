using System.Runtime.InteropServices;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Gpu;

/// <summary>The few functions of OpenCL that ILGPU does not offer, or whose status it keeps to itself.</summary>
internal static unsafe partial class OpenCLImports
{
    private const string Library = "OpenCL";

    /// <summary>All that is called, here and by ILGPU, so that a loader without one of them is refused before anything is made.</summary>
    public static IReadOnlyList<string> Functions { get; } =
    [
        nameof(clGetPlatformIDs), "clGetPlatformInfo", "clGetDeviceIDs", "clGetDeviceInfo", "clGetExtensionFunctionAddressForPlatform",
        "clCreateContext", "clReleaseContext", "clCreateCommandQueue", "clCreateCommandQueueWithProperties", "clReleaseCommandQueue",
        "clCreateBuffer", "clReleaseMemObject", "clCreateProgramWithSource", "clBuildProgram", "clGetProgramBuildInfo", "clReleaseProgram",
        "clCreateKernel", "clReleaseKernel", "clGetKernelWorkGroupInfo", "clSetKernelArg", "clEnqueueNDRangeKernel", "clEnqueueBarrierWithWaitList",
        "clEnqueueReadBuffer", "clEnqueueWriteBuffer", "clEnqueueFillBuffer", "clFlush", "clFinish", nameof(clGetMemObjectInfo),
    ];

    [LibraryImport(Library)]
    public static partial CLError clGetPlatformIDs(uint entries, nint* platforms, uint* count);

    [LibraryImport(Library)]
    public static partial CLError clGetMemObjectInfo(nint memory, uint name, nuint bytes, void* value, nuint* length);
}
