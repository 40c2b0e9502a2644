namespace HyperKernels.IO;

/// <summary>Writes files so that a reader, or a crash at any moment, sees the old file or the new one and never a part of it.</summary>
public static class AtomicFile
{
    /// <summary>What is appended to the path of the file that was replaced.</summary>
    public const string PreviousSuffix = ".previous";

    private const int BufferBytes = 1 << 16;

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
        FileLayer files = FileLayer.Current;
        RemoveAbandoned(files, folder, Path.GetFileName(target));
        try
        {
            using (Stream file = FileFaults.InFolder(target, folder, () => files.Open(temporary, FileMode.CreateNew)))
            using (BufferedStream stream = new(file, BufferBytes))
            {
                write(stream);
                stream.Flush();
                files.FlushToDisk(file);
            }
            FileFaults.InFolder(target, folder, () =>
            {
                if (keepPrevious && files.FileExists(target))
                {
                    files.Replace(temporary, target, target + PreviousSuffix);
                }
                else
                {
                    files.Move(temporary, target);
                }
                return target;
            });
        }
        catch (Exception failure)
        {
            TryDelete(files, temporary);
            if (FileFaults.TooLarge(target, failure) is { } refusal)
            {
                throw refusal;
            }
            throw;
        }
        files.FlushFolder(folder);
    }

    // A writer that was killed leaves its temporary file. While one writes it holds the file open for itself; between that and the rename the file is fresh.
    private static void RemoveAbandoned(FileLayer files, string folder, string name)
    {
        try
        {
            string[] found = files.FolderExists(folder) ? files.Find(folder, $".{name}.*.tmp") : [];
            foreach (string temporary in found.Where(path => DateTime.UtcNow - files.LastWrite(path) > s_abandonedAfter && IsNobodys(files, path)))
            {
                TryDelete(files, temporary);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Whoever may write here, but not look, loses nothing but the room that they take.
        }
    }

    private static bool IsNobodys(FileLayer files, string path)
    {
        try
        {
            using Stream held = files.Open(path, FileMode.Open);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void TryDelete(FileLayer files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It is in nobody's way, and an error that brought us here tells more than this one.
        }
    }
}
