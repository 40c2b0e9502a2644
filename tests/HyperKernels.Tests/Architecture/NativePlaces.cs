namespace HyperKernels.Tests.Architecture;

/// <summary>
/// Where code may do what the runtime does not check: a file, or a folder with all below (<c>/**</c>), and what makes it right there. A new place is a decision, and a line here.
/// </summary>
internal static class NativePlaces
{
    private const string Kernels = "kernels: every place and size that they are given was held against its buffer by Backends/Checked";
    private const string DLPackReason = "structures of another tool, which the caller vouches for: a pointer cannot be checked";
    private const string MpiReason = "addresses of spans that the caller's transfer holds until it is done";
    private const string DriverReason = "structures and buffers of a driver's calls";

    /// <summary>Memory through pointers, <c>unsafe</c>.</summary>
    public static IReadOnlyDictionary<string, string> Pointers { get; } = new Dictionary<string, string>
    {
        ["src/HyperKernels/Backends/Cpu/**"] = Kernels,
        ["src/HyperKernels/IO/SafetensorsFile.cs"] = "a mapped file, whose header was held against its length when it was opened",
        ["src/HyperKernels.Distributed/Store/MappedTensor.cs"] = "a mapped file, whose size was held against its shape when it was opened",
        ["src/HyperKernels.Distributed/Communication/**"] = MpiReason,
        ["src/HyperKernels.Interchange/DLPack/**"] = DLPackReason,
        ["kernels/HyperKernels.Gpu/Device/**"] = DriverReason,
    };

    /// <summary>
    /// References without a check of bounds: the classes <c>Unsafe</c>, <c>CollectionsMarshal</c>, <c>MemoryMarshal</c>'s references and spans of them, vectors read
    /// or written behind a reference, <c>Marshal</c>'s memory, and handles that keep objects by number.
    /// </summary>
    public static IReadOnlyDictionary<string, string> References { get; } = new Dictionary<string, string>
    {
        ["src/HyperKernels/Backends/Cpu/**"] = Kernels,
        ["src/HyperKernels/Tensors/Shape.cs"] = "sizes in fields: a span over as many as the structure has",
        ["src/HyperKernels/Ops/Autograd/**"] = "spans over lists of the tape that do not grow meanwhile",
        ["src/HyperKernels/Hypergraphs/SampledHop.cs"] = "spans over lists that do not grow meanwhile",
        ["src/HyperKernels/Hypergraphs/WeightedRows.cs"] = "values of a dictionary that does not grow meanwhile",
        ["src/HyperKernels/IO/StoredConvert.cs"] = "sizes of element types alone",
        ["src/HyperKernels.Models/Hypernetworks/Graphs/GraphHyperNetwork.cs"] = "values of a dictionary that does not grow meanwhile",
        ["src/HyperKernels.Distributed/Communication/**"] = MpiReason,
        ["src/HyperKernels.Interchange/DLPack/**"] = DLPackReason,
        ["kernels/HyperKernels.Gpu/Device/CudaErrors.cs"] = "a text of the driver's own, which ends with a zero",
        ["src/HyperKernels.Interchange/Images/JpegPlanes.cs"] = "a block of a decoder, of 64 numbers by its contract",
    };

    /// <summary>Functions of native libraries, by imports or by <c>NativeLibrary</c>: the system's own, drivers and Open MPI, none by a name out of a file.</summary>
    public static IReadOnlyDictionary<string, string> Libraries { get; } = new Dictionary<string, string>
    {
        ["src/HyperKernels/Backends/Cpu/HostMemory.cs"] = "libc: madvise",
        ["src/HyperKernels/IO/PosixApi.cs"] = "libc: open, fsync, close",
        ["src/HyperKernels.Distributed/Store/PosixMemory.cs"] = "libc: madvise",
        ["src/HyperKernels.Distributed/Communication/MpiApi.cs"] = "libmpi.so.40",
        ["src/HyperKernels.Distributed/Communication/MpiLibrary.cs"] = "libmpi.so.40, on the system's search path",
        ["kernels/HyperKernels.Gpu/Device/CudaImports.cs"] = "libcuda.so.1",
        ["kernels/HyperKernels.Gpu/Device/OpenCLImports.cs"] = "libOpenCL.so.1",
        ["kernels/HyperKernels.Gpu/Device/NativeLibraries.cs"] =
            "libcuda.so.1 and libOpenCL.so.1 on the system's search path, or the file that HYPERKERNELS_CUDA or HYPERKERNELS_OPENCL names",
        ["tools/HyperKernels.Cli/WidestImage.cs"] = "libc: execv, of the program's own wider image beside it",
    };

    /// <summary>Code that is found or started at run time: assemblies, types and methods by name, emitted code, other programs. No name comes out of a file.</summary>
    public static IReadOnlyDictionary<string, string> Code { get; } = new Dictionary<string, string>
    {
        ["src/HyperKernels/Backends/BackendRegistry.cs"] = "the type of HyperKernels.Gpu that registers it, by a name in the code",
        ["kernels/HyperKernels.Gpu/Device/Accelerators.cs"] = "a method of ILGPU, by a name in the code",
        ["kernels/HyperKernels.Gpu/Device/Intrinsics.cs"] = "methods of its own, by names in the code",
        ["kernels/HyperKernels.Gpu/Device/TensorIntrinsics.cs"] = "methods of its own, by names in the code",
        ["src/HyperKernels.Distributed/Partitions/ExternalPartitioner.cs"] = "the partitioner that the caller names",
        ["tools/HyperKernels.Cli/Soak/KillPart.cs"] = "the program itself, to kill it",
    };
}
