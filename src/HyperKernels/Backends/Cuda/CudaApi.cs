using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Cuda;

/// <summary>The functions of CUDA's driver API in use, as NVIDIA's cuda.h declares them (version 11.2 or later).</summary>
internal static unsafe partial class CudaApi
{
    private const string Library = "cuda";

    [LibraryImport(Library)]
    internal static partial int cuInit(uint flags);

    [LibraryImport(Library)]
    internal static partial int cuDriverGetVersion(int* version);

    [LibraryImport(Library)]
    internal static partial int cuGetErrorName(int status, byte** name);

    [LibraryImport(Library)]
    internal static partial int cuDeviceGetCount(int* count);

    [LibraryImport(Library)]
    internal static partial int cuDeviceGet(int* device, int ordinal);

    [LibraryImport(Library)]
    internal static partial int cuDeviceGetName(byte* name, int length, int device);

    [LibraryImport(Library)]
    internal static partial int cuDeviceTotalMem_v2(nuint* bytes, int device);

    [LibraryImport(Library)]
    internal static partial int cuDeviceGetAttribute(int* value, int attribute, int device);

    [LibraryImport(Library)]
    internal static partial int cuDevicePrimaryCtxRetain(nint* context, int device);

    [LibraryImport(Library)]
    internal static partial int cuDevicePrimaryCtxRelease_v2(int device);

    [LibraryImport(Library)]
    internal static partial int cuCtxPushCurrent_v2(nint context);

    [LibraryImport(Library)]
    internal static partial int cuCtxPopCurrent_v2(nint* context);

    [LibraryImport(Library)]
    internal static partial int cuCtxGetDevice(int* device);

    [LibraryImport(Library)]
    internal static partial int cuStreamCreate(nint* stream, uint flags);

    [LibraryImport(Library)]
    internal static partial int cuStreamDestroy_v2(nint stream);

    [LibraryImport(Library)]
    internal static partial int cuStreamSynchronize(nint stream);

    [LibraryImport(Library)]
    internal static partial int cuEventCreate(nint* done, uint flags);

    [LibraryImport(Library)]
    internal static partial int cuEventRecord(nint done, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuEventSynchronize(nint done);

    [LibraryImport(Library)]
    internal static partial int cuEventDestroy_v2(nint done);

    [LibraryImport(Library)]
    internal static partial int cuMemAlloc_v2(nint* memory, nuint bytes);

    [LibraryImport(Library)]
    internal static partial int cuMemFree_v2(nint memory);

    [LibraryImport(Library)]
    internal static partial int cuMemAllocAsync(nint* memory, nuint bytes, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuMemFreeAsync(nint memory, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuMemHostAlloc(void** memory, nuint bytes, uint flags);

    [LibraryImport(Library)]
    internal static partial int cuMemFreeHost(void* memory);

    [LibraryImport(Library)]
    internal static partial int cuMemcpyHtoDAsync_v2(nint destination, void* source, nuint bytes, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuMemcpyDtoHAsync_v2(void* destination, nint source, nuint bytes, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuMemsetD32Async(nint destination, uint bits, nuint count, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuModuleLoadDataEx(nint* module, void* image, uint options, int* names, void** values);

    [LibraryImport(Library)]
    internal static partial int cuModuleUnload(nint module);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int cuModuleGetFunction(nint* function, nint module, string name);

    [LibraryImport(Library)]
    internal static partial int cuFuncGetAttribute(int* value, int attribute, nint function);

    [LibraryImport(Library)]
    internal static partial int cuLaunchKernel(
        nint function, uint groupsX, uint groupsY, uint groupsZ, uint sizeX, uint sizeY, uint sizeZ, uint sharedBytes, nint stream, void** arguments, void** extra);

    [LibraryImport(Library)]
    internal static partial int cuStreamBeginCapture_v2(nint stream, int mode);

    [LibraryImport(Library)]
    internal static partial int cuStreamEndCapture(nint stream, nint* graph);

    [LibraryImport(Library)]
    internal static partial int cuGraphInstantiate_v2(nint* executable, nint graph, nint* errorNode, byte* log, nuint logBytes);

    [LibraryImport(Library)]
    internal static partial int cuGraphDestroy(nint graph);

    [LibraryImport(Library)]
    internal static partial int cuGraphLaunch(nint executable, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuGraphExecDestroy(nint executable);
}
