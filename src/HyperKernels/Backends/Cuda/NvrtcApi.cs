using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Cuda;

/// <summary>The functions of NVIDIA's run-time compiler in use, as nvrtc.h declares them (version 11.2 or later).</summary>
internal static unsafe partial class NvrtcApi
{
    private const string Library = "nvrtc";

    [LibraryImport(Library)]
    internal static partial int nvrtcVersion(int* major, int* minor);

    [LibraryImport(Library)]
    internal static partial byte* nvrtcGetErrorString(int status);

    [LibraryImport(Library)]
    internal static partial int nvrtcGetNumSupportedArchs(int* count);

    [LibraryImport(Library)]
    internal static partial int nvrtcGetSupportedArchs(int* architectures);

    [LibraryImport(Library)]
    internal static partial int nvrtcCreateProgram(nint* program, byte* text, byte* name, int headers, byte** headerTexts, byte** headerNames);

    [LibraryImport(Library)]
    internal static partial int nvrtcDestroyProgram(nint* program);

    [LibraryImport(Library)]
    internal static partial int nvrtcCompileProgram(nint program, int count, byte** options);

    [LibraryImport(Library)]
    internal static partial int nvrtcGetProgramLogSize(nint program, nuint* size);

    [LibraryImport(Library)]
    internal static partial int nvrtcGetProgramLog(nint program, byte* log);

    [LibraryImport(Library)]
    internal static partial int nvrtcGetCUBINSize(nint program, nuint* size);

    [LibraryImport(Library)]
    internal static partial int nvrtcGetCUBIN(nint program, byte* image);

    [LibraryImport(Library)]
    internal static partial int nvrtcGetPTXSize(nint program, nuint* size);

    [LibraryImport(Library)]
    internal static partial int nvrtcGetPTX(nint program, byte* image);
}
