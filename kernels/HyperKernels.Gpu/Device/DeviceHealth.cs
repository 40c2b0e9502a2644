namespace HyperKernels.Gpu;

/// <summary>Remembers the first failure that left a device unusable, so that every later call tells the cause and not its echo.</summary>
/// <param name="remedy">What helps, as a clause: <c>dispose what is on it</c>.</param>
internal sealed class DeviceHealth(string remedy)
{
    private string? _cause;

    /// <summary>Whether the device can still be used; freeing and disposing stay silent when it cannot.</summary>
    public bool IsLost => Volatile.Read(ref _cause) is not null;

    /// <summary>Throws if the device was lost.</summary>
    /// <exception cref="DeviceLostException">It was; the message holds the first cause.</exception>
    public void ThrowIfLost()
    {
        string? cause = Volatile.Read(ref _cause);
        if (cause is not null)
        {
            throw new DeviceLostException(cause);
        }
    }

    /// <summary>Notes the device as lost.</summary>
    /// <param name="cause">Call, code and op.</param>
    /// <returns>What to throw: the first cause, whether this is it or not.</returns>
    public DeviceLostException Lose(string cause)
    {
        string text = $"{cause} The device is lost: {remedy}.";
        return new DeviceLostException(Interlocked.CompareExchange(ref _cause, text, null) ?? text);
    }
}
