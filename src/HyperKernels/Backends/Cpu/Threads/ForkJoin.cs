using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Runs the tiles of a kernel on the calling thread and a fixed crew of workers. A crew serves one caller at a time: a second caller,
/// or a tile that forks again, finds it busy and runs its tiles alone, so nothing ever waits for another flow's work.
/// Every thread has a part of the tiles, always the same, so that it finds in its caches what it wrote in the op before; whoever is done takes tiles off
/// the ends of other parts.
/// </summary>
internal sealed unsafe class ForkJoin : IDisposable
{
    // Long enough to catch the next op of a training step, short enough not to burn a core while the program does something else.
    private static readonly long s_spinTicks = Stopwatch.Frequency / 5_000;

    private const int PausesPerClockRead = 64;
    private const long OneSeat = 1L << 32;
    private const long SeatMask = -1L << 32;

    // A part's next tile stands in the lower half, the end of its tiles in the upper.
    private const long OneTileOffTheEnd = 1L << 32;
    // Pairs of cache lines.
    private const int LongsApart = 16;

    private readonly SemaphoreSlim _wake = new(0);
    private int _threads;
    private int _workers;
    private volatile bool _disposed;
    private ExceptionDispatchInfo? _failure;
    private Shared _shared;
    private long[] _parts = [];

    /// <summary>Makes a crew of <paramref name="threads"/>; workers start with the first job that needs them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">threads is below 1.</exception>
    public ForkJoin(int threads) => Threads = threads;

    /// <summary>The caller and its workers together; 1 runs everything on the caller.</summary>
    public int Threads
    {
        get => Volatile.Read(ref _threads);
        set
        {
            Throw.IfOutside("ForkJoin", value, 1, int.MaxValue, "threads");
            Volatile.Write(ref _threads, value);
        }
    }

    /// <summary>
    /// Runs every tile once; <paramref name="kernel"/> is read in place by all threads until this returns. The first exception of a
    /// tile is thrown here after the running tiles have ended; tiles not yet begun are left out then.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void For<TKernel>(int width, int tiles, ref TKernel kernel)
        where TKernel : struct, ITiles
    {
        delegate*<void*, int, void> run = width switch
        {
            512 => &Invoke<TKernel, Vec512>,
            256 => &Invoke<TKernel, Vec256>,
            128 => &Invoke<TKernel, Vec128>,
            _ => &Invoke<TKernel, Vec1>,
        };
        // Pinned, because the kernel may be a field of an object, which the collector may move.
        fixed (byte* state = &Unsafe.As<TKernel, byte>(ref kernel))
        {
            int helpers = Math.Min(Threads, tiles) - 1;
            if (helpers <= 0 || Interlocked.CompareExchange(ref _shared.Taken, 1, 0) != 0)
            {
                for (int tile = 0; tile < tiles; tile++)
                {
                    run(state, tile);
                }
                return;
            }
            try
            {
                RunShared(run, state, tiles, helpers);
            }
            finally
            {
                Volatile.Write(ref _shared.Taken, 0);
            }
        }
    }

    /// <summary>Ends the workers. The crew must be idle; later jobs run on their caller.</summary>
    public void Dispose()
    {
        Threads = 1;
        _disposed = true;
        _wake.Release(Math.Max(_workers, 1));
    }

    private static void Invoke<TKernel, TVec>(void* state, int tile)
        where TKernel : struct, ITiles
        where TVec : struct, IVec<TVec> =>
        Unsafe.AsRef<TKernel>(state).Run<TVec>(tile);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunShared(delegate*<void*, int, void> run, void* state, int tiles, int helpers)
    {
        while (_workers < helpers)
        {
            int part = _workers + 1;
            Thread worker = new(() => Work(part)) { IsBackground = true, Name = "HyperKernels worker" };
            // It outlives its caller: started otherwise it would keep the caller's scopes and overridden weights alive for good.
            worker.UnsafeStart();
            _workers++;
        }
        _shared.Run = run;
        _shared.State = state;
        _failure = null;
        Share(tiles, helpers + 1);
        // This publishes the job. The full fence also orders it before the look at the sleepers, who look in the other order.
        Interlocked.Exchange(ref _shared.Crew, helpers * OneSeat);
        int wake = Math.Min(Volatile.Read(ref _shared.Sleeping), helpers);
        while (wake > 0 && !TryRemoveSleepers(wake))
        {
            wake = Math.Min(Volatile.Read(ref _shared.Sleeping), helpers);
        }
        if (wake > 0)
        {
            _wake.Release(wake);
        }
        RunTiles(0);

        // Whoever has not come by now is not needed; whoever has, must leave before the state goes.
        if ((int)Interlocked.And(ref _shared.Crew, ~SeatMask) != 0)
        {
            WaitForHelpers();
        }
        _failure?.Throw();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Share(int tiles, int parts)
    {
        if (_parts.Length < parts * LongsApart)
        {
            _parts = new long[parts * LongsApart];
        }
        _shared.Parts = parts;
        for (int part = 0; part < parts; part++)
        {
            long end = (long)tiles * (part + 1) / parts;
            Part(part) = (end << 32) + ((long)tiles * part / parts);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref long Part(int part) => ref _parts[part * LongsApart];

    // The tiles of one's own part from the front, then those of others from the back.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunTiles(int own)
    {
        int parts = _shared.Parts;
        try
        {
            ref long part = ref Part(own % parts);
            for (long taken; (int)(taken = Interlocked.Increment(ref part)) <= taken >> 32;)
            {
                _shared.Run(_shared.State, (int)taken - 1);
            }
            for (int other = 1; other < parts; other++)
            {
                part = ref Part((own + other) % parts);
                for (long left; (int)(left = Interlocked.Add(ref part, -OneTileOffTheEnd)) <= left >> 32;)
                {
                    _shared.Run(_shared.State, (int)(left >> 32));
                }
            }
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
            for (int part = 0; part < parts; part++)
            {
                // Its end is where it begins: no tile is left.
                Volatile.Write(ref Part(part), 0);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WaitForHelpers()
    {
        long start = Stopwatch.GetTimestamp();
        for (int pauses = 1; (int)Volatile.Read(ref _shared.Crew) != 0; pauses++)
        {
            Pause();
            // A helper that takes long may have lost its core: this one is then better given away.
            if (pauses % PausesPerClockRead == 0 && Stopwatch.GetTimestamp() - start > s_spinTicks)
            {
                Thread.Yield();
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Work(int part)
    {
        while (!_disposed)
        {
            if (TryTakeSeat())
            {
                RunTiles(part);
                // No tile is left, so the other seats are closed on the way out.
                Interlocked.And(ref _shared.Crew, ~SeatMask);
                Interlocked.Decrement(ref _shared.Crew);
            }
            WaitForSeat();
        }
    }

    // Seats left in the upper half, helpers at work in the lower: one exchange takes a seat and holds the caller back.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryTakeSeat()
    {
        while (true)
        {
            long crew = Volatile.Read(ref _shared.Crew);
            if (crew < OneSeat)
            {
                return false;
            }
            if (Interlocked.CompareExchange(ref _shared.Crew, crew - OneSeat + 1, crew) == crew)
            {
                return true;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WaitForSeat()
    {
        long start = Stopwatch.GetTimestamp();
        for (int pauses = 1; Volatile.Read(ref _shared.Crew) < OneSeat; pauses++)
        {
            Pause();
            if (pauses % PausesPerClockRead == 0 && Stopwatch.GetTimestamp() - start > s_spinTicks)
            {
                Interlocked.Increment(ref _shared.Sleeping);
                bool stay = Volatile.Read(ref _shared.Crew) >= OneSeat || _disposed;
                while (stay && Volatile.Read(ref _shared.Sleeping) > 0)
                {
                    if (TryRemoveSleepers(1))
                    {
                        return;
                    }
                }
                _wake.Wait();
                return;
            }
        }
    }

    // Whoever takes a sleeper off the list owes the semaphore a release, or was the sleeper himself: the two never drift apart, however
    // long a woken worker waits for a core.
    private bool TryRemoveSleepers(int count)
    {
        int asleep = Volatile.Read(ref _shared.Sleeping);
        return asleep >= count && Interlocked.CompareExchange(ref _shared.Sleeping, asleep - count, asleep) == asleep;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pause()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
        else
        {
            Thread.SpinWait(1);
        }
    }

    // Pairs of cache lines apart (processors fetch lines in pairs): idle workers watch Crew while the caller writes the rest.
    [StructLayout(LayoutKind.Sequential)]
    private struct Shared
    {
        private readonly CacheLines _before;
        public delegate*<void*, int, void> Run;
        public void* State;
        public int Parts;
        public int Taken;
        public int Sleeping;
        private readonly CacheLines _beforeCrew;
        public long Crew;
        private readonly CacheLines _behind;
    }

    [InlineArray(16)]
    private struct CacheLines
    {
        private long _first;
    }
}
