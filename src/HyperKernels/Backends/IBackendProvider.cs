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

    /// <summary>Opens the same device once for each further way in which it can compute, such as narrower vectors: what the catalogue is to prove too.</summary>
    IEnumerable<IBackend> OpenVariants();
}
