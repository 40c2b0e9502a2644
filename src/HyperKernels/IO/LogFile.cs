namespace HyperKernels.IO;

/// <summary>
/// Writes a file that grows record by record and that others may read meanwhile. A crash at any moment leaves every record written before, and at most a part of the last one
/// behind them; a record that fails is cut off again.
/// </summary>
/// <remarks>Every record is one call to the system, without a buffer. It is on the disk when the system writes it there. Not for several threads at the same time.</remarks>
public sealed class LogFile : IDisposable
{
    private readonly string _path;
    private readonly Stream _file;
    private long _end;
    private bool _isTorn;

    /// <summary>Opens a file to write.</summary>
    /// <param name="path">The file, made if it is not there.</param>
    /// <param name="append">Goes on behind what is there; otherwise what is there is dropped.</param>
    /// <exception cref="IOException">The folder is missing, or the file cannot be made or written.</exception>
    public LogFile(string path, bool append)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(_path) ?? throw new ArgumentException($"LogFile: path must name a file; got '{path}'.", nameof(path));
        _file = FileFaults.InFolder(_path, folder, () => FileLayer.Current.OpenShared(_path, append ? FileMode.OpenOrCreate : FileMode.Create));
        _file.Position = _end = _file.Length;
    }

    /// <summary>Writes one record behind the others.</summary>
    /// <param name="record">Its bytes, with what ends it: a line's end, for lines.</param>
    /// <exception cref="IOException">It could not be written, such as on a full disk. What was there before is there still, and another record may be tried.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public void Write(ReadOnlySpan<byte> record)
    {
        ObjectDisposedException.ThrowIf(!_file.CanWrite, this);
        // What could not be cut off when it failed must not come between two records.
        CutOff();
        try
        {
            _isTorn = true;
            _file.Write(record);
            _isTorn = false;
            _end += record.Length;
        }
        catch (Exception failure) when (failure is not ObjectDisposedException)
        {
            try
            {
                CutOff();
            }
            catch (Exception again) when (again is IOException or UnauthorizedAccessException)
            {
                // The next record tries it again; a reader takes a last line without an end for none.
            }
            if (FileFaults.TooLarge(_path, failure) is { } refusal)
            {
                throw refusal;
            }
            throw;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private void CutOff()
    {
        if (_isTorn)
        {
            _file.SetLength(_end);
            _file.Position = _end;
            _isTorn = false;
        }
    }
}
