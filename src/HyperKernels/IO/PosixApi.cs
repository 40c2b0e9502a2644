using System.Runtime.InteropServices;

namespace HyperKernels.IO;

/// <summary>The C library calls that flush a folder, which .NET has no call for.</summary>
internal static partial class PosixApi
{
    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    internal static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    internal static partial int Close(int descriptor);
}
