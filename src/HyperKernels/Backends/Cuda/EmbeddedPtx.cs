using System.Reflection;
using HyperKernels.Backends.Gpu;

namespace HyperKernels.Backends.Cuda;

/// <summary>
/// Kernels that clang compiled ahead, part of the library where it was built with <c>-p:EmbedPtx=true</c>. The driver turns them into code
/// for the device at hand and keeps that in a cache of its own: no toolkit is needed.
/// </summary>
internal sealed class EmbeddedPtx : ICudaCompiler
{
    /// <summary>What the library's project compiles for, in the driver's count: PTX runs on this architecture and every later one.</summary>
    public const int Architecture = 75;

    /// <summary>What it compiles <c>kernels/cuda</c> for: the first whose tensor cores take TF32 and bfloat16.</summary>
    public const int TensorArchitecture = 80;

    public string Description => "kernels as embedded PTX";

    /// <summary>Whether there is PTX here and a device can run it.</summary>
    public static bool Runs(int architecture) => IsPresent && architecture >= Architecture;

    /// <summary>The reason, for where <see cref="Runs"/> says no.</summary>
    public static string WhyNot(int architecture) => IsPresent
        ? $"the embedded kernels need compute {Architecture / 10}.{Architecture % 10}, the device has {architecture / 10}.{architecture % 10}"
        : "this build embeds no PTX (-p:EmbedPtx=true)";

    public byte[] Compile(KernelSource source)
    {
        using Stream stream = Open(source.File)
            ?? throw new KernelBuildException($"cuda: no PTX of {source.File} is part of this library; it was built before that file was there.");
        // The driver reads a text up to a zero.
        byte[] image = new byte[stream.Length + 1];
        stream.ReadExactly(image.AsSpan(0, image.Length - 1));
        return image;
    }

    private static bool IsPresent => KernelSource.Files.Any(HasPtx);

    private static bool HasPtx(string file)
    {
        using Stream? stream = Open(file);
        return stream is not null;
    }

    private static Stream? Open(string file) => Assembly.GetExecutingAssembly().GetManifestResourceStream($"ptx/{Path.GetFileNameWithoutExtension(file)}.ptx");
}
