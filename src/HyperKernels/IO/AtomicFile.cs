namespace HyperKernels.IO;

/// <summary>Writes files so that a reader, or a crash at any moment, sees the old file or the new one and never a part of it.</summary>
public static class AtomicFile
{
    /// <summary>What is appended to the path of the file that was replaced.</summary>
    public const string PreviousSuffix = ".previous";

    private const int ReadOnlyFlag = 0;

    private static readonly TimeSpan s_abandonedAfter = TimeSpan.FromMinutes(1);

    /// <summary>Writes a temporary file in the same folder, flushes it to the disk and renames it over <paramref name="path"/>.</summary>
    /// <param name="path">The file to make or replace. A symbolic link is replaced, not followed.</param>
    /// <param name="write">Writes the content; the stream can seek. When it throws, <paramref name="path"/> stays as it was.</param>
    /// <param name="keepPrevious">Keeps the replaced file beside the new one, with <see cref="PreviousSuffix"/> appended.</param>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, Action<Stream> write, bool keepPrevious = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string target = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(target)
            ?? throw new ArgumentException($"AtomicFile.Write: path must name a file; got '{path}'.", nameof(path));
        string temporary = Path.Combine(folder, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}.tmp");
        RemoveAbandoned(folder, Path.GetFileName(target));
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            if (keepPrevious && File.Exists(target))
            {
                // Links the old content to the backup name first, so that the target exists at every moment.
                File.Replace(temporary, target, target + PreviousSuffix);
            }
            else
            {
                File.Move(temporary, target, overwrite: true);
            }
        }
        catch (Exception failure)
        {
            TryDelete(temporary);
            if (IsFileTooLarge(failure))
            {
                throw new IOException($"{target}: a file of that size is not allowed here: the process has a limit (ulimit -f), or the file system.", failure);
            }
            throw;
        }
        FlushFolder(folder);
    }

    // How the runtime reports EFBIG.
    private static bool IsFileTooLarge(Exception failure) => failure is ArgumentOutOfRangeException { ParamName: "value" };

    // A writer that was killed leaves its temporary file. While one writes it holds the file open for itself; between that and the rename the file is fresh.
    private static void RemoveAbandoned(string folder, string name)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }
        foreach (string temporary in Directory.EnumerateFiles(folder, $".{name}.*.tmp"))
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(temporary) > s_abandonedAfter && IsNobodys(temporary))
            {
                TryDelete(temporary);
            }
        }
    }

    private static bool IsNobodys(string path)
    {
        try
        {
            using FileStream held = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It is in nobody's way, and an error that brought us here tells more than this one.
        }
    }

    // A rename lasts through a power cut only when the folder is flushed too. Some file systems refuse it: then there is nothing to gain.
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        try
        {
            int descriptor = PosixApi.Open(folder, ReadOnlyFlag);
            if (descriptor >= 0)
            {
                _ = PosixApi.Fsync(descriptor);
                _ = PosixApi.Close(descriptor);
            }
        }
        catch (Exception failure) when (failure is DllNotFoundException or EntryPointNotFoundException)
        {
            // A system without this C library: the file itself is on the disk already.
        }
    }
}
