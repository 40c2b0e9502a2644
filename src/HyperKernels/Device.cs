using HyperKernels.Backends;
using HyperKernels.Backends.Cpu;

namespace HyperKernels;

/// <summary>A place that holds tensors and computes: today the processor.</summary>
public sealed class Device : IDisposable
{
    private static readonly Lazy<Device> s_cpu = new(() => new Device(BackendRegistry.All[0].Open!(), shared: true));

    private readonly bool _shared;

    internal Device(IBackend backend, bool shared = false)
    {
        Backend = backend;
        _shared = shared;
        Memory = new DeviceMemory(backend);
    }

    /// <summary>The processor. Lives as long as the program.</summary>
    public static Device Cpu => s_cpu.Value;

    /// <summary>The best device there is: a GPU if one is available, else the processor.</summary>
    public static Device Default => Cpu;

    /// <summary>Every backend this engine knows, with the reason why it is absent if it is.</summary>
    public static IReadOnlyList<DeviceStatus> All =>
        [.. BackendRegistry.All.Select(b => new DeviceStatus(b.Name, b.Open is not null, b.Open is null ? "" : Get(b.Name).Description, b.Reason))];

    /// <summary>The backend's short name: <c>cpu</c>.</summary>
    public string Name => Backend.Name;

    /// <summary>The device in words.</summary>
    public string Description => Backend.Description;

    /// <summary>The memory pool and its counters.</summary>
    public DeviceMemory Memory { get; }

    /// <summary>How many threads work on one op, the calling one included. Results do not depend on it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int Threads
    {
        get => (Backend as CpuBackend)?.Threads ?? 1;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            if (Backend is CpuBackend cpu)
            {
                cpu.Threads = value;
            }
        }
    }

    /// <summary>The width of the processor's registers in use, in bits; 32 for scalar code, 0 on other devices.</summary>
    public int VectorWidth => (Backend as CpuBackend)?.VectorWidth ?? 0;

    internal IBackend Backend { get; }

    /// <summary>Finds a device by its backend's name.</summary>
    /// <param name="name"><c>cpu</c>, <c>opencl</c> or <c>cuda</c>.</param>
    /// <exception cref="BackendUnavailableException">This machine or this version has no such backend; the message says why.</exception>
    /// <exception cref="ArgumentException">No backend has that name.</exception>
    public static Device Get(string name)
    {
        foreach ((string known, Func<IBackend>? open, string reason) in BackendRegistry.All)
        {
            if (known == name && open is null)
            {
                throw new BackendUnavailableException(
                    $"{name}: not available: {reason} Available: {string.Join(", ", BackendRegistry.All.Where(b => b.Open is not null).Select(b => b.Name))}.");
            }
            if (known == name)
            {
                return Cpu;
            }
        }
        Throw.Argument($"Device.Get: no backend is called \"{name}\". Known: {string.Join(", ", BackendRegistry.All.Select(b => b.Name))}.");
        return null;
    }

    /// <summary>Opens a scope: what is computed until it is disposed needs no gradient and ends with it.</summary>
#pragma warning disable CA1822 // Reads as "memory of this device", and a device may come to need it.
    public MemoryScope Scope() => new();
#pragma warning restore CA1822

    /// <summary>Waits until everything asked of the device is done.</summary>
    public void Synchronize() => Backend.Synchronize();

    /// <summary>Gives pooled memory back. A shared device (<see cref="Cpu"/>) stays usable.</summary>
    public void Dispose()
    {
        Memory.Trim();
        if (!_shared)
        {
            Backend.Dispose();
        }
    }

    /// <summary>The backend's name.</summary>
    public override string ToString() => Name;
}
