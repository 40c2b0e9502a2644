namespace HyperKernels;

/// <summary>A <see cref="Device.Use"/> in force: disposed, it makes the default device the one before again.</summary>
public readonly struct DeviceUse : IDisposable, IEquatable<DeviceUse>
{
    private readonly Device? _before;

    internal DeviceUse(Device? before) => _before = before;

    /// <summary>Makes the default device the one before again.</summary>
    public void Dispose() => Device.EndUse(_before);

    /// <inheritdoc/>
    public bool Equals(DeviceUse other) => ReferenceEquals(_before, other._before);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DeviceUse other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _before?.GetHashCode() ?? 0;
}
