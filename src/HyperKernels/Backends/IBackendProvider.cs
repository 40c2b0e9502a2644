namespace HyperKernels.Backends;

/// <summary>
/// Knows one kind of backend: whether this machine has it, and how it is opened. The processor's is built in; an assembly that brings another
/// registers its own with <see cref="BackendRegistry.Register"/>.
/// </summary>
internal interface IBackendProvider
{
    /// <summary>Short name, as <see cref="Device.Get"/> and the command line take it: <c>cpu</c>, <c>opencl</c>, <c>cuda</c>.</summary>
    string Name { get; }

    /// <summary>Why this machine cannot use it and what would help; null if it can. Asks the driver once.</summary>
    string? Absence { get; }

    /// <summary>Whether a graphics processor stands behind it: the default device is such a one, if there is any.</summary>
    bool IsGpu { get; }

    /// <summary>Opens the device.</summary>
    /// <exception cref="DeviceException">The driver fails.</exception>
    /// <exception cref="InvalidOperationException">It is absent.</exception>
    IBackend Open();

    /// <summary>Opens a device on handles that the application has already. Disposing the backend leaves them as they are.</summary>
    /// <exception cref="BackendUnavailableException">It is absent, or has no handles: the processor.</exception>
    /// <exception cref="DeviceException">The driver refuses a handle.</exception>
    /// <exception cref="ArgumentException">The handles do not belong together.</exception>
    IBackend OpenOver(in ForeignHandles handles);

    /// <summary>Opens the same device once for each further way in which it can compute, such as narrower vectors: what the catalogue is to prove too.</summary>
    IEnumerable<IBackend> OpenVariants();
}

/// <summary>What an application hands over for a device that it has opened itself.</summary>
/// <param name="Context">A CUcontext or cl_context.</param>
/// <param name="Queue">A CUstream or cl_command_queue of it.</param>
/// <param name="Device">The cl_device_id of the queue; CUDA's context knows its own.</param>
internal readonly record struct ForeignHandles(nint Context, nint Queue, nint Device = 0);
