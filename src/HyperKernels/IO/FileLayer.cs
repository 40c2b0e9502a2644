namespace HyperKernels.IO;

/// <summary>The calls by which files are written, one member each and none beside them, so that a test can let every one of them fail.</summary>
internal class FileLayer
{
    private const int ReadOnlyFlag = 0;

    private static readonly FileLayer s_system = new();
    private static readonly AsyncLocal<FileLayer?> s_replacement = new();

    /// <summary>The one that this logical flow writes with.</summary>
    public static FileLayer Current => s_replacement.Value ?? s_system;

    /// <summary>For tests: takes the place of the system's, in this logical flow; null gives it back.</summary>
    public static void Replace(FileLayer? layer) => s_replacement.Value = layer;

    public virtual bool FileExists(string path) => File.Exists(path);

    public virtual bool FolderExists(string folder) => Directory.Exists(folder);

    public virtual string[] Find(string folder, string pattern) => Directory.GetFiles(folder, pattern);

    public virtual DateTime LastWrite(string path) => File.GetLastWriteTimeUtc(path);

    /// <summary>A file that nobody else may have open, without a buffer: every write is a call.</summary>
    public virtual Stream Open(string path, FileMode mode) => new FileStream(path, mode, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);

    /// <summary>A file that others may read meanwhile, without a buffer: every write is a call.</summary>
    public virtual Stream OpenShared(string path, FileMode mode) => new FileStream(path, mode, FileAccess.Write, FileShare.Read, bufferSize: 0);

    /// <summary>Waits until a file of <see cref="Open"/> is on the disk.</summary>
    public virtual void FlushToDisk(Stream file) => ((FileStream)file).Flush(flushToDisk: true);

    public virtual void Move(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Gives what is there a second name first, so that there is something at every moment.</summary>
    public virtual void Replace(string from, string to, string backup) => File.Replace(from, to, backup);

    public virtual void Delete(string path) => File.Delete(path);

    /// <summary>A rename lasts through a power cut only when the folder is flushed too. Some file systems refuse it: then there is nothing to gain.</summary>
    public virtual void FlushFolder(string folder)
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
