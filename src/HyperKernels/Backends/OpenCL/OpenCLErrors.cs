namespace HyperKernels.Backends.OpenCL;

/// <summary>Turns OpenCL's status codes into exceptions that name call, code and subject.</summary>
internal static class OpenCLErrors
{
    public const int Success = 0;

    private static readonly Dictionary<int, string> s_names = new()
    {
        [-1] = "CL_DEVICE_NOT_FOUND",
        [-2] = "CL_DEVICE_NOT_AVAILABLE",
        [-3] = "CL_COMPILER_NOT_AVAILABLE",
        [-4] = "CL_MEM_OBJECT_ALLOCATION_FAILURE",
        [-5] = "CL_OUT_OF_RESOURCES",
        [-6] = "CL_OUT_OF_HOST_MEMORY",
        [-11] = "CL_BUILD_PROGRAM_FAILURE",
        [-30] = "CL_INVALID_VALUE",
        [-33] = "CL_INVALID_DEVICE",
        [-34] = "CL_INVALID_CONTEXT",
        [-36] = "CL_INVALID_COMMAND_QUEUE",
        [-38] = "CL_INVALID_MEM_OBJECT",
        [-42] = "CL_INVALID_BINARY",
        [-44] = "CL_INVALID_PROGRAM",
        [-45] = "CL_INVALID_PROGRAM_EXECUTABLE",
        [-46] = "CL_INVALID_KERNEL_NAME",
        [-48] = "CL_INVALID_KERNEL",
        [-50] = "CL_INVALID_ARG_VALUE",
        [-51] = "CL_INVALID_ARG_SIZE",
        [-52] = "CL_INVALID_KERNEL_ARGS",
        [-54] = "CL_INVALID_WORK_GROUP_SIZE",
        [-61] = "CL_INVALID_BUFFER_SIZE",
        [-1001] = "CL_PLATFORM_NOT_FOUND_KHR",
    };

    /// <summary><c>clName failed (CL_CODE, -4) for subject</c>.</summary>
    public static string Text(string call, int status, string subject) =>
        $"opencl: {call} failed ({s_names.GetValueOrDefault(status, "unknown code")}, {status}) for {subject}.";

    /// <summary>
    /// Whether a queue that answers so has met an error in a kernel before, after which nothing it holds can be trusted: not so for want
    /// of memory (-4, -6) or a wrong argument (-30 to -72), except that the context or the queue itself became invalid (-34, -36).
    /// </summary>
    public static bool IsLoss(int status) => status != Success && status != -4 && status != -6 && (status > -30 || status < -72 || status == -34 || status == -36);

    public static void Check(int status, string call, string subject)
    {
        if (status != Success)
        {
            throw new DeviceException(Text(call, status, subject));
        }
    }
}
