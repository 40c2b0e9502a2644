using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Backends;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Gpu;

/// <summary>Contexts and accelerators of ILGPU as the kernels need them.</summary>
internal static class Accelerators
{
    // Contexts, by what they keep of their builder, that know the functions of the kernels.
    private static readonly ConditionalWeakTable<IntrinsicImplementationManager, object> s_prepared = [];

    /// <summary>What a context must be built with, so that the kernels run on its accelerators.</summary>
    public static Context.Builder Prepare(Context.Builder builder)
    {
        IntrinsicImplementationManager manager = builder.GetIntrinsicManager();
        if (s_prepared.TryAdd(manager, manager))
        {
            Intrinsics.Register(manager);
        }
        return builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);
    }

    /// <summary>What OpenCL's loader knows, GPUs first; nothing where it fails.</summary>
    public static IReadOnlyList<CLDevice> OpenCLDevices() => !NativeLibraries.IsPresent("OpenCL", out _) ? [] :
    [
        .. CLDevice.GetDevices(device =>
        {
            // ILGPU asks for generic pointers, which code at this level never has and PoCL does not offer.
            typeof(CLCapabilityContext).GetProperty(nameof(device.Capabilities.GenericAddressSpace))!.SetValue(device.Capabilities, true);
            return true;
        }).OfType<CLDevice>().OrderByDescending(device => device.DeviceType == CLDeviceType.CL_DEVICE_TYPE_GPU),
    ];

    /// <summary>Mends an accelerator's backend and takes it with a stream.</summary>
    /// <exception cref="ArgumentException">It is neither of OpenCL nor of CUDA, or the stream is another accelerator's.</exception>
    public static GpuDevice Open(Accelerator accelerator, AcceleratorStream stream, bool owned)
    {
        if (!ReferenceEquals(stream.Accelerator, accelerator))
        {
            Throw.Argument("GpuBackends.Open: the stream must be one of the accelerator that was handed over with it.");
        }
        if (accelerator is not (CLAccelerator or CudaAccelerator))
        {
            Throw.Argument($"GpuBackends.Open: the accelerator must be one of OpenCL or CUDA; it is one of {accelerator.AcceleratorType}.");
        }
        if (!s_prepared.TryGetValue(accelerator.Context.GetIntrinsicManager(), out _))
        {
            Throw.Argument("GpuBackends.Open: the accelerator's context must be built with UseHyperKernels: Context.Create(builder => builder.UseHyperKernels().AllAccelerators()).");
        }
        Repairs.Apply(accelerator.GetBackend());
        return accelerator is CLAccelerator openCL
            ? new OpenCLDevice(openCL, (CLStream)stream, owned)
            : new CudaDevice((CudaAccelerator)accelerator, (CudaStream)stream, owned);
    }
}
