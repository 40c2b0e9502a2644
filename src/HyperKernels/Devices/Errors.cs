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

/// <summary>A compiler refused a kernel; the message holds the kernel's name, the device and the compiler's words.</summary>
public sealed class KernelBuildException : DeviceException
{
    /// <summary>Makes the exception with kernel, device and the compiler's words.</summary>
    public KernelBuildException(string message)
        : base(message)
    {
    }
}

/// <summary>A device stopped working and has to be opened anew; every later call to it says the same.</summary>
public sealed class DeviceLostException : DeviceException
{
    /// <summary>Makes the exception with the first cause and the op in which it showed.</summary>
    public DeviceLostException(string message)
        : base(message)
    {
    }
}
