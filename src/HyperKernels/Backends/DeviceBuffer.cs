namespace HyperKernels.Backends;

/// <summary>A block of device memory. Tensors and their views share it by counting references; the pool takes it back at zero.</summary>
internal abstract class DeviceBuffer : IDisposable
{
    private const int WriteBits = 8;
    private const int WriteMask = (1 << WriteBits) - 1;

    private int _references;
    private int _stamp;
    private int _writes;
    private int _writers;

    protected DeviceBuffer(long bytes)
    {
        Bytes = bytes;
        RequestedBytes = bytes;
    }

    /// <summary>The size that was allocated, at least what any user of it asked for.</summary>
    public long Bytes { get; }

    /// <summary>The size that the present user asked for; memory behind it is a guard zone when guards are on.</summary>
    public long RequestedBytes { get; set; }

    /// <summary>What it goes back to with its last reference; null where nobody counts them: in tests of a backend alone.</summary>
    public DeviceMemory? Home { get; set; }

    /// <summary>Whose pool it goes back to: a captured step's, or the device's if null.</summary>
    public object? Pool { get; set; }

    /// <summary>Whether the memory belongs to somebody else: no pool takes it, and it ends with its last tensor.</summary>
    public virtual bool IsBorrowed => false;

    /// <summary>Whether one tensor alone stands on this memory.</summary>
    public bool IsExclusive => Volatile.Read(ref _references) == 1;

    /// <summary>Changes with every end of a loan and with every write in place, so that who worked on it sees whether it still holds what it held.</summary>
    public int Stamp => Volatile.Read(ref _stamp);

    /// <summary>How often values in it were overwritten in place, so that a tape sees that what it recorded is no longer there.</summary>
    public int Writes => Volatile.Read(ref _writes);

    /// <summary>Whether somebody overwrites values in it now: what is read meanwhile may be old in one place and new in another.</summary>
    public bool IsBeingWritten => Volatile.Read(ref _writers) != 0;

    /// <summary>Whether two stamps are of one loan: what differs then are writes.</summary>
    public static bool AreOfOneLoan(int left, int right) => (left ^ right) >> WriteBits == 0;

    /// <summary>Ends the present loan: places taken in it no longer hold.</summary>
    public void EndLoan() => Interlocked.Add(ref _stamp, 1 << WriteBits);

    /// <summary>Values are about to be overwritten in place, until <see cref="EndWrite"/>: who reads meanwhile sees that, whenever it began and ends.</summary>
    public void BeginWrite()
    {
        Interlocked.Increment(ref _writers);
        NoteWrite();
    }

    /// <summary>Values were overwritten in place.</summary>
    public void EndWrite()
    {
        NoteWrite();
        Interlocked.Decrement(ref _writers);
    }

    public void AddReference() => Interlocked.Increment(ref _references);

    /// <summary>Takes a reference from who may be about to give the last one back.</summary>
    /// <returns>False if that was done: the buffer is in its pool, or ended.</returns>
    public bool TryAddReference()
    {
        int references = Volatile.Read(ref _references);
        while (references > 0)
        {
            int seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references)
            {
                return true;
            }
            references = seen;
        }
        return false;
    }

    /// <summary>True when this was the last reference.</summary>
    public bool RemoveReference() => Interlocked.Decrement(ref _references) == 0;

    /// <summary>Gives the memory back to the system.</summary>
    public abstract void Dispose();

    private void NoteWrite()
    {
        Interlocked.Increment(ref _writes);
        int stamp = Stamp;
        // Writes do not carry into the number of the loan.
        for (int seen; (seen = Interlocked.CompareExchange(ref _stamp, (stamp & ~WriteMask) | ((stamp + 1) & WriteMask), stamp)) != stamp;)
        {
            stamp = seen;
        }
    }
}
