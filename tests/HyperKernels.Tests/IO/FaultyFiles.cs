using HyperKernels.IO;

namespace HyperKernels.Tests.IO;

/// <summary>How a call of a <see cref="FaultyFiles"/> fails.</summary>
public enum FileFault
{
    /// <summary>As a full disk does: a write writes half of its bytes before.</summary>
    DiskFull,

    /// <summary>As missing rights do.</summary>
    AccessDenied,

    /// <summary>As a process that is killed: no call after it does anything, also none that cleans up.</summary>
    Killed,
}

/// <summary>What a killed process never comes to handle.</summary>
internal sealed class KilledException() : Exception("killed here");

/// <summary>The system's files, of which one call fails. What the system does in several calls is done in several here.</summary>
/// <param name="failing">The call that fails, counted from 0; a negative number for none.</param>
/// <param name="fault">How.</param>
internal sealed class FaultyFiles(int failing, FileFault fault) : FileLayer
{
    private bool _isKilled;

    /// <summary>Calls so far.</summary>
    public int Calls { get; private set; }

    /// <summary>Does something with these files in place of the system's.</summary>
    /// <returns>What it ended with; null if it came to its end.</returns>
    public Exception? Try(Action work)
    {
        Replace(this);
        try
        {
            work();
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
        finally
        {
            Replace(null);
        }
    }

    public override bool FileExists(string path) => Do(() => base.FileExists(path));

    public override bool FolderExists(string folder) => Do(() => base.FolderExists(folder));

    public override string[] Find(string folder, string pattern) => Do(() => base.Find(folder, pattern));

    public override DateTime LastWrite(string path) => Do(() => base.LastWrite(path));

    public override Stream Open(string path, FileMode mode) => new FaultyStream(this, (FileStream)Do(() => base.Open(path, mode)));

    public override Stream OpenShared(string path, FileMode mode) => new FaultyStream(this, (FileStream)Do(() => base.OpenShared(path, mode)));

    public override void FlushToDisk(Stream file) => Do(() => base.FlushToDisk(((FaultyStream)file).Inner));

    public override void Move(string from, string to) => Do(() => base.Move(from, to));

    // As .NET does it on Unix, where a file system knows no links.
    public override void Replace(string from, string to, string backup)
    {
        Do(() => File.Delete(backup));
        byte[] content = File.ReadAllBytes(to);
        Do(() => File.WriteAllBytes(backup, content[..(content.Length / 2)]));
        Do(() => File.WriteAllBytes(backup, content));
        Do(() => File.Move(from, to, overwrite: true));
    }

    public override void Delete(string path) => Do(() => base.Delete(path));

    public override void FlushFolder(string folder) => Do(() => base.FlushFolder(folder));

    private void Do(Action call) => Do(() =>
    {
        call();
        return true;
    });

    private T Do<T>(Func<T> call, Action? half = null)
    {
        if (!_isKilled && Calls++ != failing)
        {
            return call();
        }
        if (!_isKilled && fault != FileFault.AccessDenied)
        {
            half?.Invoke();
        }
        _isKilled = fault == FileFault.Killed;
        throw fault switch
        {
            FileFault.DiskFull => new IOException("There is not enough space on the disk."),
            FileFault.AccessDenied => new UnauthorizedAccessException("Access is denied."),
            _ => new KilledException(),
        };
    }

    private sealed class FaultyStream(FaultyFiles files, FileStream inner) : Stream
    {
        public FileStream Inner => inner;

        public override bool CanRead => inner.CanRead;

        public override bool CanSeek => inner.CanSeek;

        public override bool CanWrite => inner.CanWrite;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void SetLength(long value) => files.Do(() => inner.SetLength(value));

        public override void Write(byte[] buffer, int offset, int count) => files.Do(
            () =>
            {
                inner.Write(buffer, offset, count);
                return true;
            },
            () => inner.Write(buffer, offset, count / 2));

        // The system closes the files of a killed process.
        protected override void Dispose(bool disposing) => inner.Dispose();
    }
}
