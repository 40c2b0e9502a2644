using HyperKernels.Backends;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Gpu;

/// <summary>Contexts and accelerators of ILGPU as the kernels need them.</summary>
internal static class Accelerators
{
    /// <summary>What an application's own context must be built with, so that these kernels run on its accelerators.</summary>
    public static Context.Builder Prepare(Context.Builder builder)
    {
        Intrinsics.Register(builder);
        return builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);
    }

    /// <summary>A context that knows OpenCL's devices.</summary>
    public static Context OpenCLContext() => Context.Create(builder => Prepare(builder).OpenCL(device =>
    {
        // ILGPU asks for generic pointers, which code at this level never has and PoCL does not offer.
        typeof(CLCapabilityContext).GetProperty(nameof(device.Capabilities.GenericAddressSpace))!.SetValue(device.Capabilities, true);
        return true;
    }));

    /// <summary>A context that knows CUDA's devices.</summary>
    public static Context CudaContext() => Context.Create(builder => Prepare(builder).Cuda());

    /// <summary>Mends an accelerator's backend and takes it with a stream.</summary>
    public static GpuDevice Open(Accelerator accelerator, AcceleratorStream stream, bool owned)
    {
        Repairs.Apply(accelerator.GetBackend());
        return (accelerator, stream) switch
        {
            (CLAccelerator openCL, CLStream queue) => new OpenCLDevice(openCL, queue, owned),
            (CudaAccelerator cuda, CudaStream order) => new CudaDevice(cuda, order, owned),
            _ => throw new ArgumentException(
                $"GpuBackends.Open: the accelerator must be one of OpenCL or CUDA, and the stream one of it; got {accelerator.AcceleratorType} and {stream.GetType().Name}."),
        };
    }
}
