using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;
using static HyperKernels.Gpu.CudaImports;

namespace HyperKernels.Gpu;

/// <summary>What the codes of CUDA's driver mean.</summary>
internal static class CudaErrors
{
    public const int Success = 0;

    /// <summary>What was given is unknown to the driver: an address that is not its, for example.</summary>
    public const int InvalidValue = 1;

    /// <summary><c>cuName failed (CUDA_ERROR_CODE, 2)</c>.</summary>
    public static string Text(string call, int status)
    {
        // A driver that has lost its device may not know its own codes any more.
        string name = cuGetErrorName(status, out nint text) == Success && text != 0 ? Marshal.PtrToStringUTF8(text)! : Enum.GetName((CudaError)status) ?? "unknown code";
        return $"{call} failed ({name}, {status})";
    }

    /// <summary>The code of ILGPU's exception, which keeps its name only.</summary>
    public static int StatusOf(CudaException failure) => (int)(Enum.TryParse(failure.Error, out CudaError status) ? status : CudaError.CUDA_ERROR_UNKNOWN);

    /// <summary>Whether a context that said so answers every later call with an error: nothing but a new process helps.</summary>
    public static bool IsLoss(int status) => status switch
    {
        3 or 4 => true, // the driver has not begun, or is shutting down
        46 or 100 or 101 => true, // the device is not available, there is none, it is not that one
        201 => true, // the context is none any more
        214 or 220 => true, // uncorrectable memory error, of the device or of NVLink
        700 or 702 => true, // illegal address, launch timeout
        709 or 710 => true, // context destroyed, assert
        >= 714 and <= 719 => true, // stack, instruction, alignment, address space, program counter, launch failed
        999 => true, // unknown, which the driver says when it has lost track
        _ => false,
    };

    /// <summary>Whether the fault is the kernel's text, not the device: no code for it, PTX invalid, no compiler, PTX too new, source invalid.</summary>
    public static bool IsBuildFailure(int status) => status is 209 or 218 or 221 or 222 or 300;
}
