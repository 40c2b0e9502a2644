using System.Runtime.InteropServices;
using static HyperKernels.Backends.Cuda.CudaApi;

namespace HyperKernels.Backends.Cuda;

/// <summary>Turns the driver's status codes into exceptions that name call, code and subject.</summary>
internal static unsafe class CudaErrors
{
    public const int Success = 0;
    public const int NotFound = 500;

    // What the driver says of an image that it cannot turn into code for the device.
    private const int NoBinaryForGpu = 209;
    private const int InvalidPtx = 218;
    private const int JitCompilerNotFound = 221;
    private const int UnsupportedPtxVersion = 222;
    private const int InvalidSource = 300;

    /// <summary><c>cuName failed (CUDA_ERROR_CODE, 2) for subject</c>.</summary>
    public static string Text(string call, int status, string subject) => $"cuda: {call} failed ({Name(status)}, {status}) for {subject}.";

    public static void Check(int status, string call, string subject)
    {
        if (status != Success)
        {
            throw new DeviceException(Text(call, status, subject));
        }
    }

    /// <summary>Whether a context that said so answers every later call with an error: nothing but a new process helps.</summary>
    public static bool IsLost(int status) => status switch
    {
        4 => true, // the driver is shutting down
        214 or 220 => true, // uncorrectable memory error, of the device or of NVLink
        700 or 702 => true, // illegal address, launch timeout
        709 or 710 => true, // context destroyed, assert
        >= 714 and <= 719 => true, // stack, instruction, alignment, address space, program counter, launch failed
        999 => true, // unknown, which the driver says when it has lost track
        _ => false,
    };

    /// <summary>Whether the fault is the kernel's text, not the device.</summary>
    public static bool IsBuildFailure(int status) => status is NoBinaryForGpu or InvalidPtx or JitCompilerNotFound or UnsupportedPtxVersion or InvalidSource;

    private static string Name(int status)
    {
        byte* name = null;
        return cuGetErrorName(status, &name) == Success && name is not null ? Marshal.PtrToStringUTF8((nint)name)! : "unknown code";
    }
}
