namespace HyperKernels;

/// <summary>Ends a <see cref="Device.Use"/> when it is disposed: the default device is the one before again.</summary>
public readonly struct DeviceUse : IDisposable, IEquatable<DeviceUse>
{
    private readonly Device? _before;

    internal DeviceUse(Device? before) => _before = before;

    /// <summary>Ends it.</summary>
    public void Dispose() => Device.EndUse(_before);

    /// <inheritdoc/>
    public bool Equals(DeviceUse other) => ReferenceEquals(_before, other._before);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DeviceUse other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _before?.GetHashCode() ?? 0;
}
