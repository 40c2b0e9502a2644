using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace HyperKernels.Cli;

/// <summary>
/// Hands over to the image that was compiled for the processor's widest vectors. A program compiled ahead of time has one width in all of its code, so
/// publishing makes three images, and the one for every processor starts the others: <c>hyperkernels</c>, <c>hyperkernels.v3</c>, <c>hyperkernels.v4</c>.
/// </summary>
internal static partial class WidestImage
{
    private const string ProcessorFile = "/proc/cpuinfo";

    // The levels of the x86-64 psABI, as the kernel writes what they ask for. A setting of the runtime takes a level away, as it does under the JIT.
    private static readonly (string Level, string[] Flags, string[] Settings)[] s_levels =
    [
        ("v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"], ["EnableAVX512", "EnableAVX2", "EnableAVX", "EnableHWIntrinsic"]),
        ("v3", ["avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"], ["EnableAVX2", "EnableAVX", "EnableHWIntrinsic"]),
    ];

    /// <summary>Does not return where a wider image lies beside this one and can run; the arguments go with it. Does nothing under the JIT.</summary>
    public static void TakeOver(string[] args)
    {
        if (RuntimeFeature.IsDynamicCodeSupported || Vector256.IsHardwareAccelerated || !OperatingSystem.IsLinux() || Environment.ProcessPath is not { } self)
        {
            return;
        }
        HashSet<string> flags = ProcessorFlags();
        foreach ((string level, string[] needed, string[] settings) in s_levels)
        {
            string image = $"{self}.{level}";
            if (needed.All(flags.Contains) && !settings.Any(IsOff) && File.Exists(image))
            {
                // Only a failure returns: the next one is tried then, and this image does the work in the end.
                ReplaceProcess(image, [self, .. args, null]);
            }
        }
    }

    private static bool IsOff(string setting) => Environment.GetEnvironmentVariable($"DOTNET_{setting}") == "0";

    // What the kernel has turned on, which the instruction CPUID alone does not tell. The first processor's lines fit in 8 KB; the file of a large machine has megabytes.
    private static HashSet<string> ProcessorFlags()
    {
        try
        {
            using FileStream file = new(ProcessorFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            Span<byte> start = stackalloc byte[8192];
            int read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            string text = Encoding.ASCII.GetString(start[..read]);
            int line = text.IndexOf("\nflags", StringComparison.Ordinal);
            return line < 0 ? [] : [.. text[(line + 1)..].Split('\n', 2)[0].Split(' ')];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    [LibraryImport("libc", EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ReplaceProcess(string image, string?[] args);
}
