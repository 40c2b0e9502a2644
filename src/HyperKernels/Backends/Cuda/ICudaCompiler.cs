using HyperKernels.Backends.Gpu;

namespace HyperKernels.Backends.Cuda;

/// <summary>Turns a file of kernels into an image that the driver loads.</summary>
internal interface ICudaCompiler
{
    /// <summary>What it is, in words.</summary>
    string Description { get; }

    /// <summary>The image: PTX, ending in a zero, or code for the device.</summary>
    /// <exception cref="KernelBuildException">The source is refused, with the compiler's log.</exception>
    byte[] Compile(KernelSource source);
}
