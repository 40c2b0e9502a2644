namespace HyperKernels;

/// <summary>Scopes on a device.</summary>
public static class DeviceScopes
{
    /// <summary>
    /// Opens a scope on a device: what is computed until it is disposed needs no gradient and is disposed with it, and tensors, parameters and graphs that are
    /// made without naming a device are on this one.
    /// </summary>
    /// <param name="device">The <see cref="Device.Default"/> of this logical flow, tasks started in it included, until the scope is disposed.</param>
    public static MemoryScope Scope(this Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new MemoryScope(device);
    }
}
