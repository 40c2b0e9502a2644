namespace HyperKernels;

/// <summary>A device or its driver failed, for example for lack of memory.</summary>
public class DeviceException : Exception
{
    /// <summary>Makes the exception with what failed, where, and with which sizes.</summary>
    public DeviceException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with what failed and its cause.</summary>
    public DeviceException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}

/// <summary>A backend was asked for that this machine does not have; the message says why and which there are.</summary>
public sealed class BackendUnavailableException : DeviceException
{
    /// <summary>Makes the exception with the reason and the backends that are there.</summary>
    public BackendUnavailableException(string message)
        : base(message)
    {
    }
}
