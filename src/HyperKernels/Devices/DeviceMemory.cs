using System.Diagnostics.CodeAnalysis;
using HyperKernels.Backends;
using HyperKernels.Backends.Watched;

namespace HyperKernels;

/// <summary>A device's memory pool and its counters. Safe for use by several threads.</summary>
public sealed class DeviceMemory
{
    // Small requests share a class of this size; it is also the alignment.
    private const int SmallestClass = 256;
    private const int GuardBytes = 256;
    private const byte GuardPattern = 0xA5;
    private const int LargestTensors = 3;

    private readonly IBackend _backend;
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Stack<DeviceBuffer>> _free = [];
    private readonly Stack<BufferHolder> _holders = [];
    // All holders ever made, for the report of an allocation that failed. Weak: a tensor that was dropped may be collected.
    private readonly List<WeakReference<BufferHolder>> _everyHolder = [];

    // Where a step that is being captured takes its memory from.
    private CapturePool? _capture;

    internal DeviceMemory(IBackend backend) => _backend = backend;

    /// <summary>Tensors that are not disposed, views included.</summary>
    public long LiveTensors { get; private set; }

    /// <summary>Bytes of the buffers behind live tensors, rounded up as the pool does; shared memory counts once.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>Bytes that wait in the pool to be used again.</summary>
    public long PooledBytes { get; private set; }

    /// <summary>The largest sum of live and pooled bytes so far.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>How often memory was taken from the system; stands still in steady state.</summary>
    public long SystemAllocations { get; private set; }

    /// <summary>
    /// The most bytes that may be taken from the system, live and pooled together; null for no limit but the machine's. What goes beyond ends with a
    /// <see cref="DeviceException"/>, as memory that the machine does not have, and leaves everything as it was.
    /// </summary>
    public long? Limit { get; set; }

    /// <summary>
    /// Whether every tensor notes the place in the program that makes it, for <see cref="LivePlaces"/>: what finds a tensor that is never disposed. Looking at the call
    /// stack takes some 50 microseconds a tensor while it is on, and nothing while it is off.
    /// </summary>
    public bool NotesPlaces { get; set; }

    /// <summary>For tests: fills new buffers with NaN and keeps a guard zone behind each, checked when it comes back.</summary>
    internal bool Guarded { get; set; }

    /// <summary>
    /// The places in the program whose tensors are live, of those that were made while <see cref="NotesPlaces"/> was on; what holds most bytes comes first. Memory that
    /// several tensors share counts with the first of them.
    /// </summary>
    public IReadOnlyList<TensorPlace> LivePlaces()
    {
        lock (_gate)
        {
            HashSet<DeviceBuffer> counted = [];
            return
            [
                .. Live().Where(static holder => holder.Maker is not null)
                    .Select(holder => (holder.Maker, Bytes: counted.Add(holder.Buffer!) ? holder.Buffer!.Bytes : 0))
                    .GroupBy(static made => made.Maker)
                    .Select(static group => new TensorPlace(group.Key!.ToString().TrimStart(), group.Count(), group.Sum(static made => made.Bytes)))
                    .OrderByDescending(static place => place.Bytes),
            ];
        }
    }

    /// <summary>Gives pooled memory back to the system.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            foreach (Stack<DeviceBuffer> stack in _free.Values)
            {
                while (stack.TryPop(out DeviceBuffer? buffer))
                {
                    PooledBytes -= buffer.Bytes;
                    buffer.Dispose();
                }
            }
        }
    }

    internal DeviceBuffer Rent(long bytes)
    {
        long size = SizeClass(Guarded ? bytes + GuardBytes : bytes);
        DeviceBuffer? buffer = null;
        lock (_gate)
        {
            if ((_capture is not null && TryPop(_capture.Free, size, out buffer)) || TryPop(_free, size, out buffer))
            {
                PooledBytes -= buffer.Bytes;
                LiveBytes += buffer.Bytes;
            }
        }
        buffer ??= Allocate(size);
        if (_capture is not null && buffer.Pool is null)
        {
            buffer.Pool = _capture;
            _capture.Buffers.Add(buffer);
        }
        buffer.RequestedBytes = bytes;
        buffer.AddReference();
        if (Guarded)
        {
            Guard(buffer);
        }
        return buffer;
    }

    internal void Return(DeviceBuffer buffer)
    {
        if (!buffer.RemoveReference())
        {
            return;
        }
        if (buffer.Pool is null)
        {
            // A captured step's memory stays its own: the places that it was recorded with hold as long as it does.
            buffer.EndLoan();
        }
        if (buffer.IsBorrowed)
        {
            buffer.Dispose();
            return;
        }
        if (Guarded)
        {
            CheckGuard(buffer);
        }
        lock (_gate)
        {
            Push((buffer.Pool as CapturePool)?.Free ?? _free, buffer);
            LiveBytes -= buffer.Bytes;
            PooledBytes += buffer.Bytes;
        }
    }

    /// <summary>What is rented from now on belongs to one captured step.</summary>
    internal CapturePool BeginCapture()
    {
        lock (_gate)
        {
            return _capture = new CapturePool();
        }
    }

    /// <summary>What is rented from now on belongs to everybody again.</summary>
    /// <returns>What it belonged to, for <see cref="ResumeCapture"/>.</returns>
    internal CapturePool? EndCapture()
    {
        lock (_gate)
        {
            CapturePool? pool = _capture;
            _capture = null;
            return pool;
        }
    }

    /// <summary>What is rented from now on belongs to a captured step once more.</summary>
    internal void ResumeCapture(CapturePool? pool)
    {
        lock (_gate)
        {
            _capture = pool;
        }
    }

    /// <summary>Lets everybody use a captured step's memory, where no tensor stands on it still.</summary>
    internal void Release(CapturePool pool)
    {
        lock (_gate)
        {
            foreach (DeviceBuffer buffer in pool.Buffers)
            {
                buffer.Pool = null;
            }
            foreach (DeviceBuffer buffer in pool.Free.Values.SelectMany(stack => stack))
            {
                buffer.EndLoan();
                Push(_free, buffer);
            }
        }
    }

    /// <summary>A holder that was returned, else a new one. All of a memory's holders are made by the same function.</summary>
    internal BufferHolder RentHolder(Device device, Func<Device, BufferHolder> make)
    {
        CallSite? maker = NotesPlaces ? CallSite.Here() : null;
        lock (_gate)
        {
            LiveTensors++;
            if (_holders.TryPop(out BufferHolder? holder))
            {
                holder.Maker = maker;
                return holder;
            }
            if (_everyHolder.Count == _everyHolder.Capacity)
            {
                _everyHolder.RemoveAll(reference => !reference.TryGetTarget(out _));
            }
            holder = make(device);
            holder.Maker = maker;
            _everyHolder.Add(new WeakReference<BufferHolder>(holder));
            return holder;
        }
    }

    /// <summary>Counts a holder that was dropped while it held a buffer, which its own finalizer gives back to the system.</summary>
    internal void Forget(DeviceBuffer buffer)
    {
        lock (_gate)
        {
            LiveTensors--;
            // The last reference stays: an op whose operand was dropped before its kernel runs may still borrow it.
            if ((buffer.IsExclusive || buffer.RemoveReference()) && !buffer.IsBorrowed)
            {
                LiveBytes -= buffer.Bytes;
            }
        }
    }

    internal void ReturnHolder(BufferHolder holder)
    {
        lock (_gate)
        {
            LiveTensors--;
            _holders.Push(holder);
        }
    }

    /// <summary>Four classes per doubling: at most a fifth of a buffer is unused, and steps of slightly different size share memory.</summary>
    internal static long SizeClass(long bytes)
    {
        if (bytes <= SmallestClass)
        {
            return SmallestClass;
        }
        int log = 63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(bytes - 1));
        long step = Math.Max(64, 1L << (log - 2));
        return (bytes + step - 1) / step * step;
    }

    private static bool TryPop(Dictionary<long, Stack<DeviceBuffer>> free, long size, [NotNullWhen(true)] out DeviceBuffer? buffer)
    {
        buffer = null;
        return free.TryGetValue(size, out Stack<DeviceBuffer>? stack) && stack.TryPop(out buffer);
    }

    private static void Push(Dictionary<long, Stack<DeviceBuffer>> free, DeviceBuffer buffer)
    {
        if (!free.TryGetValue(buffer.Bytes, out Stack<DeviceBuffer>? stack))
        {
            free[buffer.Bytes] = stack = new Stack<DeviceBuffer>();
        }
        stack.Push(buffer);
    }

    private DeviceBuffer Allocate(long size)
    {
        DeviceBuffer buffer;
        try
        {
            buffer = AllocateWithin(size);
        }
        catch (DeviceException failure) when (failure is not DeviceLostException)
        {
            // What the pool holds may be just what is missing.
            Trim();
            try
            {
                buffer = AllocateWithin(size);
            }
            catch (DeviceException again) when (again is not DeviceLostException)
            {
                throw new DeviceException(
                    $"{_backend.Name}: out of memory: asked for {size:N0} bytes; {LiveBytes:N0} live in {LiveTensors:N0} tensors{Largest()}, {PooledBytes:N0} pooled, peak "
                    + $"{PeakBytes:N0}{(Limit is { } limit ? $", limit {limit:N0}" : "")}.", again);
            }
        }
        buffer.Home = this;
        lock (_gate)
        {
            SystemAllocations++;
            LiveBytes += size;
            PeakBytes = Math.Max(PeakBytes, LiveBytes + PooledBytes);
        }
        return buffer;
    }

    private DeviceBuffer AllocateWithin(long size) => Limit is { } limit && LiveBytes + PooledBytes + size > limit
        ? throw new DeviceException($"{_backend.Name}: the limit of this device's memory, {limit:N0} bytes, would be passed.")
        : _backend.Allocate(size);

    private IEnumerable<BufferHolder> Live() =>
        _everyHolder.Select(static reference => reference.TryGetTarget(out BufferHolder? holder) ? holder : null).OfType<BufferHolder>()
            .Where(static holder => holder.Buffer is not null);

    // Names the tensors that it would help most to dispose; a buffer with several views counts once.
    private string Largest()
    {
        lock (_gate)
        {
            string[] largest =
            [
                .. Live().DistinctBy(holder => holder.Buffer)
                    .OrderByDescending(holder => holder.Buffer!.Bytes).Take(LargestTensors).Select(holder => $"{holder} of {holder.Buffer!.Bytes:N0} bytes"),
            ];
            return largest.Length == 0 ? "" : $" (the largest: {string.Join(", ", largest)})";
        }
    }

    private void Guard(DeviceBuffer buffer)
    {
        long elements = buffer.RequestedBytes / 4;
        _backend.Fill(new BufferRef(buffer, 0), elements, BitConverter.SingleToInt32Bits(float.NaN));
        int pattern = unchecked(GuardPattern * 0x01010101);
        _backend.Fill(new BufferRef(buffer, elements), (buffer.Bytes / 4) - elements, pattern);
    }

    private void CheckGuard(DeviceBuffer buffer)
    {
        long elements = buffer.RequestedBytes / 4;
        byte[] guard = new byte[buffer.Bytes - (elements * 4)];
        _backend.Download(new BufferRef(buffer, elements), guard);
        int stray = guard.AsSpan().IndexOfAnyExcept(GuardPattern);
        if (stray >= 0)
        {
            throw new DeviceException($"{_backend.Name}: a kernel wrote {stray} bytes behind the end of a buffer of {buffer.RequestedBytes:N0} bytes.");
        }
    }
}
