using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Backends;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using ILGPU.Util;

namespace HyperKernels.Gpu;

/// <summary>Contexts and accelerators of ILGPU as the kernels need them.</summary>
internal static class Accelerators
{
    // Contexts, by what they keep of their builder, that know the functions of the kernels.
    private static readonly ConditionalWeakTable<IntrinsicImplementationManager, object> s_prepared = [];

    private static readonly MethodInfo s_abandon = typeof(DisposeBase).GetMethod("MarkDisposed_Unsafe", BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <summary>What a context must be built with, so that the kernels run on its accelerators.</summary>
    public static Context.Builder Prepare(Context.Builder builder)
    {
        // Before ILGPU looks for a driver: it looks once.
        NativeLibraries.Register();
        IntrinsicImplementationManager manager = builder.GetIntrinsicManager();
        if (s_prepared.TryAdd(manager, manager))
        {
            Intrinsics.Register(manager);
        }
        return builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);
    }

    /// <summary>What OpenCL's loader knows, GPUs first; nothing where it fails.</summary>
    public static IReadOnlyList<CLDevice> OpenCLDevices() => NativeLibraries.IsPresent("OpenCL", out _) ? OpenCLSearch.Find(out _) : [];

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
            Throw.Argument("GpuBackends.Open: the accelerator's context must be built with UseHyperKernels: Context.Create(builder => builder.UseHyperKernels()).");
        }
        Repairs.Apply(accelerator.GetBackend());
        return accelerator is CLAccelerator openCL
            ? new OpenCLDevice(openCL, (CLStream)stream, owned)
            : new CudaDevice((CudaAccelerator)accelerator, (CudaStream)stream, owned);
    }

    /// <summary>Ends a context and its accelerator, if it came to that. Silent, also where the driver refuses.</summary>
    public static void Close(Context context, Accelerator? accelerator)
    {
        if (accelerator is not null)
        {
            Attempt(accelerator.Dispose);
            Abandon(accelerator);
        }
        Attempt(context.Dispose);
    }

    /// <summary>
    /// Lets ILGPU's finalizers pass over what belongs to an accelerator that is of no more use: they call the driver on the collector's thread, and end the
    /// process where it answers with an error.
    /// </summary>
    public static void Abandon(Accelerator accelerator) => s_abandon.Invoke(accelerator, null);

    /// <summary>Gives something back. What the driver does not take back ends with the process.</summary>
    public static void Attempt(Action release)
    {
        try
        {
            release();
        }
        catch (AcceleratorException)
        {
            // There is nobody who could do anything about it.
        }
    }
}
