using HyperKernels.Backends;

namespace HyperKernels.Gpu;

/// <summary>The devices <c>opencl</c> and <c>cuda</c>. An application that references this assembly has them; nothing needs to be called.</summary>
public static class GpuBackends
{
    /// <summary>Makes the devices known. The engine does so itself when it finds this assembly; call it where an application is packed into one file in a way that hides it.</summary>
    public static void Register()
    {
        BackendRegistry.Register(new OpenCLProvider());
        BackendRegistry.Register(new CudaProvider());
    }
}
