using HyperKernels.Backends.Cpu;
using HyperKernels.Backends.Cuda;
using HyperKernels.Backends.OpenCL;

namespace HyperKernels.Backends;

/// <summary>
/// The providers of backends. This is the one place that names those of this assembly; all others meet them as <see cref="IBackendProvider"/>.
/// </summary>
internal static class BackendRegistry
{
    private static readonly Lock s_gate = new();
    private static IBackendProvider[] s_providers = [new CpuProvider(), new OpenCLProvider(), new CudaProvider()];

    static BackendRegistry()
    {
        // While both stand side by side, the ILGPU side is asked for by name.
        if (Environment.GetEnvironmentVariable("HYPERKERNELS_GPU") == "ilgpu")
        {
            Type.GetType("HyperKernels.Gpu.GpuBackends, HyperKernels.Gpu")?.GetMethod("Register")?.Invoke(null, null);
        }
    }

    /// <summary>All of them, absent ones too. Of several GPUs the last is the default device.</summary>
    public static IReadOnlyList<IBackendProvider> Providers => Volatile.Read(ref s_providers);

    /// <summary>
    /// Adds a provider, or puts it in the place of the one with its name. A device that was opened under that name stays the one it is: an assembly
    /// registers before devices are asked for.
    /// </summary>
    public static void Register(IBackendProvider provider)
    {
        lock (s_gate)
        {
            int place = Array.FindIndex(s_providers, known => known.Name == provider.Name);
            s_providers = place < 0 ? [.. s_providers, provider] : [.. s_providers[..place], provider, .. s_providers[(place + 1)..]];
        }
    }

    /// <summary>The provider of a name, or null.</summary>
    public static IBackendProvider? Find(string name) => Array.Find(s_providers, provider => provider.Name == name);
}
