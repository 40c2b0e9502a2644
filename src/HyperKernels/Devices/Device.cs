using System.Collections.Concurrent;
using HyperKernels.Backends;
using HyperKernels.Backends.Checked;
using HyperKernels.Backends.Watched;

namespace HyperKernels;

/// <summary>A place that holds tensors and computes: the processor, or a device reached through OpenCL or CUDA.</summary>
public sealed class Device : IDisposable
{
    private static readonly ConcurrentDictionary<string, Lazy<Device>> s_shared = new();
    private static readonly AsyncLocal<Device?> s_used = new();
    private static readonly Lazy<Device> s_best = new(FindBest);

    // How many devices have checks.
    private static int s_checked;

    private readonly bool _shared;
    private readonly CheckedBackend _checks;
    private readonly Lock _gate = new();

    internal Device(IBackend backend, bool shared = false)
    {
        CheckedBackend checks = backend as CheckedBackend ?? new CheckedBackend(backend);
        Backend = _checks = checks;
        _shared = shared;
        Memory = new DeviceMemory(checks.Inner);
        if (OpChecksVariable.Value is var wanted and not OpChecks.None)
        {
            Checks = wanted;
        }
        Telemetry.Note(this);
    }

    /// <summary>The processor. Lives as long as the program.</summary>
    public static Device Cpu => Get("cpu");

    /// <summary>Where tensors and parameters are made unless a device is named: that of <see cref="Use"/>, else the best there is, a GPU before the processor.</summary>
    public static Device Default => s_used.Value ?? s_best.Value;

    /// <summary>Whether it is the <see cref="Default"/>, without looking for the best there is.</summary>
    internal bool IsDefault => ReferenceEquals(s_used.Value ?? (s_best.IsValueCreated ? s_best.Value : null), this);

    /// <summary>Every backend this engine knows, with the reason why it is absent if it is.</summary>
    public static IReadOnlyList<DeviceStatus> All => [.. BackendRegistry.Providers.Select(Status)];

    /// <summary>The backend's short name: <c>cpu</c>.</summary>
    public string Name => Backend.Name;

    /// <summary>The device in words.</summary>
    public string Description => Backend.Description;

    /// <summary>The memory pool and its counters.</summary>
    public DeviceMemory Memory { get; }

    /// <summary>The largest number of threads: as many as the largest machines have cores.</summary>
    public const int MostThreads = 1024;

    /// <summary>How many threads work on one op, the calling one included. Results do not depend on it.</summary>
    /// <exception cref="ArgumentException">Less than 1, or more than <see cref="MostThreads"/>.</exception>
    public int Threads
    {
        get => Backend.Threads;
        set
        {
            if (value is < 1 or > MostThreads)
            {
                Throw.Argument($"Device.Threads: from 1 to {MostThreads} threads can work on an op; got {value}.");
            }
            Backend.Threads = value;
        }
    }

    /// <summary>The width of the processor's registers in use, in bits; 32 for scalar code, 0 on other devices.</summary>
    public int VectorWidth => Backend.Traits.VectorWidth;

    /// <summary>
    /// What is checked of every op, forward and backward, from now on; what <c>HYPERKERNELS_CHECK</c> says when the device is opened. An op that does not pass ends with an
    /// <see cref="OpCheckException"/>. Steps that are being captured are not checked.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such check.</exception>
    public OpChecks Checks
    {
        get;
        set
        {
            if ((value & ~(OpChecks.Finite | OpChecks.Twin)) != 0)
            {
                Throw.Argument($"Device.Checks: {nameof(OpChecks.Finite)} and {nameof(OpChecks.Twin)} can be checked; got {value}.");
            }
            lock (_gate)
            {
                if (field == value)
                {
                    return;
                }
                IOpWatcher[] others = [.. _checks.Watchers.Where(static watcher => watcher is not (FiniteWatcher or TwinWatcher))];
                foreach (TwinWatcher twin in _checks.Watchers.OfType<TwinWatcher>())
                {
                    twin.Dispose();
                }
                Interlocked.Add(ref s_checked, (value == OpChecks.None ? 0 : 1) - (field == OpChecks.None ? 0 : 1));
                field = value;
                // Outermost first: a profile does not see what checks compute.
                _checks.Watchers =
                [
                    .. value.HasFlag(OpChecks.Twin) ? [new TwinWatcher(BackendRegistry.OpenTwin(_checks.Inner))] : Array.Empty<IOpWatcher>(),
                    .. value.HasFlag(OpChecks.Finite) ? [new FiniteWatcher()] : Array.Empty<IOpWatcher>(),
                    .. others,
                ];
            }
        }
    }

    /// <summary>Whether the ops of any device are checked.</summary>
    internal static bool AreChecked => Volatile.Read(ref s_checked) > 0;

    internal IBackend Backend { get; }

    /// <summary>Set while a step is being captured.</summary>
    internal ILaunchRecorder? Recorder => Backend.Capture?.Recorder;

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
        IBackendProvider? provider = BackendRegistry.Find(name);
        if (provider is null)
        {
            Throw.Argument($"Device.Get: no backend is called \"{name}\". Known: {string.Join(", ", BackendRegistry.Providers.Select(known => known.Name))}.");
        }
        return provider.Absence is not { } reason
            ? s_shared.GetOrAdd(name, _ => new Lazy<Device>(() => new Device(provider.Open(), shared: true))).Value
            : throw new BackendUnavailableException(
                $"{name}: not available: {reason} Available: {string.Join(", ", All.Where(status => status.IsAvailable).Select(status => status.Name))}.");
    }

    /// <summary>Makes a device the <see cref="Default"/> of this logical flow, tasks started in it included, until what is returned is disposed.</summary>
    /// <param name="device">The device to use.</param>
    public static DeviceUse Use(Device device)
    {
        DeviceUse use = new(s_used.Value);
        s_used.Value = device;
        return use;
    }

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
        return Backend.Capture is { } capture
            ? new CapturedStep(this, capture, step)
            : throw new InvalidOperationException($"Device.Capture: {Name} runs ops directly and has no launches to keep: call the step itself.");
    }

    /// <summary>
    /// Until what is returned is disposed, work is done at once and is no part of a step that is being captured: for what is made at its first use and
    /// kept. It takes no memory that the step's runs write to.
    /// </summary>
    internal CapturePause PauseCapture() => new(this);

    /// <summary>Tells a watcher of every op from now on.</summary>
    internal void AddWatcher(IOpWatcher watcher)
    {
        lock (_gate)
        {
            _checks.Watchers = [.. _checks.Watchers, watcher];
        }
    }

    /// <summary>Tells a watcher nothing any more.</summary>
    internal void RemoveWatcher(IOpWatcher watcher)
    {
        lock (_gate)
        {
            _checks.Watchers = [.. _checks.Watchers.Where(other => !ReferenceEquals(other, watcher))];
        }
    }

    /// <summary>Waits until everything asked of the device is done.</summary>
    public void Synchronize() => Backend.Synchronize();

    /// <summary>
    /// Closes a device of the application's own (GpuBackends.Open in HyperKernels.Gpu). The devices of <see cref="Get"/>, <see cref="Cpu"/> and
    /// <see cref="Default"/> are everybody's and live as long as the program: disposing one gives pooled memory back, as
    /// <see cref="DeviceMemory.Trim"/> does, and harms nobody who uses it.
    /// </summary>
    public void Dispose()
    {
        Memory.Trim();
        if (!_shared)
        {
            Checks = OpChecks.None;
            Telemetry.Forget(this);
            Backend.Dispose();
        }
    }

    /// <summary>The backend's name.</summary>
    public override string ToString() => Name;

    internal static void EndUse(Device? before) => s_used.Value = before;

    private static DeviceStatus Status(IBackendProvider provider)
    {
        if (provider.Absence is { } reason)
        {
            return new DeviceStatus(provider.Name, false, "", reason);
        }
        try
        {
            return new DeviceStatus(provider.Name, true, Get(provider.Name).Description, "");
        }
        catch (DeviceException failure)
        {
            return new DeviceStatus(provider.Name, false, "", failure.Message);
        }
    }

    private static Device FindBest() =>
        Get(BackendRegistry.Providers.LastOrDefault(provider => provider.IsGpu && Status(provider).IsAvailable)?.Name ?? "cpu");
}
