using HyperKernels.Distributed;

namespace HyperKernels.Cli;

/// <summary>What the program's exit code tells a script.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>A check ran and did not hold.</summary>
    public const int CheckFailed = 1;

    public const int Usage = 2;

    /// <summary>The device, or what connects processes, is absent or failed.</summary>
    public const int Device = 3;

    /// <summary>A file is absent, cannot be read or written, or breaks its format.</summary>
    public const int Data = 4;

    /// <summary>A mistake of the program itself, as BSD's sysexits.h has it.</summary>
    public const int Defect = 70;

    /// <summary>128 + SIGINT, as shells have it.</summary>
    public const int Cancelled = 130;

    /// <summary>The code for a failure.</summary>
    public static int Of(Exception failure) => failure switch
    {
        OperationCanceledException => Cancelled,
        DeviceException or OutOfMemoryException or CommunicationException => Device,
        UsageException => Usage,
        CheckFailedException or OpCheckException => CheckFailed,
        IOException or InvalidDataException or UnauthorizedAccessException => Data,
        _ => Defect,
    };
}
