using System.Diagnostics.CodeAnalysis;
using HyperKernels.Backends.Cpu;

namespace HyperKernels.Backends;

/// <summary>
/// The providers of backends. This is the one place that names that of this assembly; all others meet them as <see cref="IBackendProvider"/>. Those for
/// graphics processors are in an assembly of their own, HyperKernels.Gpu, which is looked for when one is asked for: an application that references it has them.
/// </summary>
internal static class BackendRegistry
{
    private const string Cpu = "cpu";

    private static readonly Lock s_gate = new();

    // Not before it is asked for: looking for an assembly takes longer than a small program runs.
    private static readonly Lazy<bool> s_lookedForGpus = new(LookForGpus);
    private static IBackendProvider[] s_providers = [new CpuProvider(), new AbsentProvider("opencl"), new AbsentProvider("cuda")];

    /// <summary>All of them, absent ones too. Of several GPUs the last is the default device.</summary>
    public static IReadOnlyList<IBackendProvider> Providers
    {
        get
        {
            _ = s_lookedForGpus.Value;
            return Volatile.Read(ref s_providers);
        }
    }

    /// <summary>Off in a program that is trimmed or compiled ahead of time without GPUs: nothing of the search stays in it then.</summary>
    [FeatureSwitchDefinition("HyperKernels.LooksForGpus")]
    private static bool LooksForGpus => !AppContext.TryGetSwitch("HyperKernels.LooksForGpus", out bool isOn) || isOn;

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
    public static IBackendProvider? Find(string name) =>
        (name == Cpu ? Volatile.Read(ref s_providers) : Providers).FirstOrDefault(provider => provider.Name == name);

    /// <summary>
    /// Opens a backend that computes the same in other code: the processor for a device that launches kernels, the processor's plainest code for itself.
    /// </summary>
    public static IBackend OpenTwin(IBackend of)
    {
        IBackendProvider processor = Find(Cpu)!;
        if (of.Traits.LaunchesKernels)
        {
            return processor.Open();
        }
        IBackend? plainest = null;
        foreach (IBackend variant in processor.OpenVariants())
        {
            plainest?.Dispose();
            plainest = variant;
        }
        // Where scalar code is all there is, it is its own twin.
        plainest ??= processor.Open();
        plainest.Threads = of.Threads;
        return plainest;
    }

    // The assembly registers itself by what it is asked to do here; one that is not there leaves the reason of the absent providers.
    private static bool LookForGpus()
    {
        if (!LooksForGpus)
        {
            return false;
        }
        Type? gpus = Type.GetType("HyperKernels.Gpu.GpuBackends, HyperKernels.Gpu");
        gpus?.GetMethod("Register")?.Invoke(null, null);
        return gpus is not null;
    }

    /// <summary>Stands for a device whose assembly is not there.</summary>
    private sealed class AbsentProvider(string name) : IBackendProvider
    {
        public string Name => name;

        public string? Absence =>
            "it is in the package HyperKernels.Gpu, which this program does not have: add a reference to it (not for programs compiled ahead of time: ILGPU needs a JIT).";

        public bool IsGpu => true;

        public IBackend Open() => throw new BackendUnavailableException($"{name}: not available: {Absence}");

        public IEnumerable<IBackend> OpenVariants() => [];
    }
}
