namespace HyperKernels.Distributed;

/// <summary>A message between processes failed; the message names the call, the process and the library's words.</summary>
public sealed class CommunicationException : Exception
{
    /// <summary>Makes the exception with what failed.</summary>
    public CommunicationException(string message)
        : base(message)
    {
    }
}
