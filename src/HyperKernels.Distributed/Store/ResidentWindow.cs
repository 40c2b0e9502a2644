namespace HyperKernels.Distributed;

/// <summary>
/// Keeps the pages that a process has of its mapped files below a bound: counts what reads may bring in, and takes all of it out of the process when that is
/// too much. The system's cache keeps them as long as it has room, so that reading them again is a matter of a microsecond.
/// </summary>
internal sealed class ResidentWindow(long mostBytes)
{
    // A fault maps pages around it that the system has in its cache: on Linux 6.18, with files written in large blocks, 200 KiB on average.
    private const long AroundBytes = 1 << 18;

    private readonly List<(nint Address, nint Length)> _mapped = [];
    private long _touched;

    /// <summary>How often everything was taken out.</summary>
    public int Releases { get; private set; }

    public void Add(nint address, nint length) => _mapped.Add((address, length));

    /// <summary>Says that bytes are about to be read.</summary>
    public void Touch(long bytes)
    {
        if (Interlocked.Add(ref _touched, bytes + AroundBytes) > mostBytes)
        {
            Release();
        }
    }

    private void Release()
    {
        lock (_mapped)
        {
            if (Interlocked.Read(ref _touched) <= mostBytes)
            {
                return;
            }
            Interlocked.Exchange(ref _touched, 0);
            Releases++;
            foreach ((nint address, nint length) in _mapped)
            {
                PosixMemory.Release(address, length);
            }
        }
    }
}
