using System.Collections.Concurrent;
using HyperKernels.Backends;
using HyperKernels.Backends.Cpu;
using HyperKernels.Backends.Cuda;
using HyperKernels.Backends.Gpu;
using HyperKernels.Backends.OpenCL;

namespace HyperKernels;

/// <summary>A place that holds tensors and computes: the processor, or a device reached through OpenCL or CUDA.</summary>
public sealed class Device : IDisposable
{
    private static readonly ConcurrentDictionary<string, Lazy<Device>> s_shared = new();
    private static readonly AsyncLocal<Device?> s_used = new();
    private static readonly Lazy<Device> s_best = new(FindBest);

    private readonly bool _shared;

    internal Device(IBackend backend, bool shared = false)
    {
        Backend = backend;
        _shared = shared;
        Memory = new DeviceMemory(backend);
    }

    /// <summary>The processor. Lives as long as the program.</summary>
    public static Device Cpu => Get("cpu");

    /// <summary>Where tensors and parameters are made unless a device is named: that of <see cref="Use"/>, else the best there is, a GPU before the processor.</summary>
    public static Device Default => s_used.Value ?? s_best.Value;

    /// <summary>Every backend this engine knows, with the reason why it is absent if it is.</summary>
    public static IReadOnlyList<DeviceStatus> All => [.. BackendRegistry.Names.Select(Status)];

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

    /// <summary>Set while a step is being captured.</summary>
    internal LaunchRecorder? Recorder => (Backend as GpuBackend)?.Recorder;

    /// <summary>Whether the optimiser's kernel takes such a product in the place of a gradient, and gains by it.</summary>
    internal bool UsesUpProduct(int rows, int columns, int depth) => Backend is CpuBackend && CpuBackend.UsesUpProduct(rows, columns, depth);

    /// <summary>Finds a device by its backend's name.</summary>
    /// <param name="name"><c>cpu</c>, <c>opencl</c> or <c>cuda</c>.</param>
    /// <exception cref="BackendUnavailableException">This machine or this version has no such backend; the message says why.</exception>
    /// <exception cref="ArgumentException">No backend has that name.</exception>
    public static Device Get(string name)
    {
        if (s_shared.TryGetValue(name, out Lazy<Device>? shared))
        {
            return shared.Value;
        }
        if (!BackendRegistry.Names.Contains(name))
        {
            Throw.Argument($"Device.Get: no backend is called \"{name}\". Known: {string.Join(", ", BackendRegistry.Names)}.");
        }
        BackendEntry entry = BackendRegistry.Get(name);
        return entry.Open is not null
            ? s_shared.GetOrAdd(name, _ => new Lazy<Device>(() => new Device(entry.Open(), shared: true))).Value
            : throw new BackendUnavailableException(
                $"{name}: not available: {entry.Reason} Available: {string.Join(", ", All.Where(status => status.IsAvailable).Select(status => status.Name))}.");
    }

    /// <summary>
    /// Opens a device on a CUDA context and stream that the application has already, for example those of TorchSharp or ILGPU: this engine's
    /// work takes its turn on that stream, and memory can be shared without copies (<see cref="Tensor.FromDevice"/>).
    /// </summary>
    /// <param name="context">A CUcontext; the CUDA runtime and PyTorch use a device's primary one.</param>
    /// <param name="stream">A CUstream of it; 0 is the legacy default stream.</param>
    /// <returns>A device of its own; disposing it leaves context and stream, which belong to the caller and must live longer.</returns>
    /// <exception cref="BackendUnavailableException">CUDA is not on this machine, or nothing compiles kernels for it; the message says why.</exception>
    /// <exception cref="DeviceException">The driver refuses the context.</exception>
    public static Device FromCuda(nint context, nint stream) => new(new GpuBackend(CudaDevice.Over(context, stream)));

    /// <summary>Opens a device on an OpenCL context and queue that the application has already: this engine's work takes its turn in that queue.</summary>
    /// <param name="context">A cl_context.</param>
    /// <param name="queue">A cl_command_queue of it that runs its work in order.</param>
    /// <param name="device">The cl_device_id that the queue was made for.</param>
    /// <returns>A device of its own; disposing it leaves context and queue, which belong to the caller and must live longer.</returns>
    /// <exception cref="BackendUnavailableException">OpenCL is not on this machine; the message says why.</exception>
    /// <exception cref="DeviceException">OpenCL refuses a handle.</exception>
    /// <exception cref="ArgumentException">The queue is of another context or device, or runs its work out of order.</exception>
    public static Device FromOpenCL(nint context, nint queue, nint device) => new(new GpuBackend(OpenCLDevice.Over(context, queue, device)));

    /// <summary>Makes a device the <see cref="Default"/> of this logical flow, tasks started in it included, until what is returned is disposed.</summary>
    /// <param name="device">The device to use.</param>
    public static DeviceUse Use(Device device)
    {
        DeviceUse use = new(s_used.Value);
        s_used.Value = device;
        return use;
    }

    /// <summary>Opens a scope: what is computed until it is disposed needs no gradient and ends with it.</summary>
#pragma warning disable CA1822 // Reads as "memory of this device", and a device may come to need it.
    public MemoryScope Scope() => new();
#pragma warning restore CA1822

    /// <summary>
    /// Runs a step once and keeps its launches, so that <see cref="CapturedStep.Run"/> does the same again at a fraction of the cost of
    /// many small ops. Shapes must not change, tensors that the step uses must live as long as the result, and nothing else may use the
    /// device meanwhile.
    /// </summary>
    /// <param name="step">May hold a tape, a backward pass and an optimiser's step; no random numbers, data from the host or reading back.</param>
    /// <exception cref="InvalidOperationException">The step does what cannot be repeated, or this device has no launches: the processor.</exception>
    public CapturedStep Capture(Action step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return Backend is GpuBackend gpu
            ? new CapturedStep(this, gpu, step)
            : throw new InvalidOperationException($"Device.Capture: {Name} runs ops directly and has no launches to keep: call the step itself.");
    }

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

    internal static void EndUse(Device? before) => s_used.Value = before;

    private static DeviceStatus Status(string name)
    {
        BackendEntry entry = BackendRegistry.Get(name);
        if (entry.Open is null)
        {
            return new DeviceStatus(name, false, "", entry.Reason);
        }
        try
        {
            return new DeviceStatus(name, true, Get(name).Description, "");
        }
        catch (DeviceException failure)
        {
            return new DeviceStatus(name, false, "", failure.Message);
        }
    }

    private static Device FindBest() =>
        Get(new[] { "cuda", "opencl" }.FirstOrDefault(name => BackendRegistry.Get(name).IsGpu && Status(name).IsAvailable) ?? "cpu");
}
