using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Runs the tiles of a kernel on the calling thread and a fixed crew of workers. A crew serves one caller at a time: a second caller
/// that finds it busy runs its tiles alone, so nothing ever waits for another flow's work.
/// </summary>
internal sealed unsafe class ForkJoin
{
    // Long enough to catch the next op of a training step, short enough not to burn a core while the program does something else.
    private const int SpinsBeforeSleep = 2_000;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0);
    private int _workers;
    private int _sleeping;
    private int _threads;

    // The job in progress. A job is published by the write of _generation, last.
    private delegate*<void*, int, void> _run;
    private void* _state;
    private int _tiles;
    private int _next;
    private int _helpersWanted;
    private int _helpersBusy;
    private volatile int _generation;
    private ExceptionDispatchInfo? _failure;

    public ForkJoin(int threads) => Threads = threads;

    /// <summary>The caller and its workers together; 1 runs everything on the caller.</summary>
    public int Threads
    {
        get => _threads;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            lock (_gate)
            {
                _threads = value;
            }
        }
    }

    /// <summary>Runs every tile once. <paramref name="kernel"/> is read in place by all threads until this returns.</summary>
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
        // The kernel lives on the caller's stack, which does not move, and the caller stays here until all tiles are done.
        void* state = Unsafe.AsPointer(ref kernel);
        if (tiles <= 1 || _threads == 1 || !_gate.TryEnter())
        {
            for (int tile = 0; tile < tiles; tile++)
            {
                run(state, tile);
            }
            return;
        }
        try
        {
            RunShared(run, state, tiles);
        }
        finally
        {
            _gate.Exit();
        }
    }

    private static void Invoke<TKernel, TVec>(void* state, int tile)
        where TKernel : struct, ITiles
        where TVec : struct, IVec<TVec> =>
        Unsafe.AsRef<TKernel>(state).Run<TVec>(tile);

    private void RunShared(delegate*<void*, int, void> run, void* state, int tiles)
    {
        int helpers = Math.Min(_threads, tiles) - 1;
        while (_workers < helpers)
        {
            _workers++;
            new Thread(Work) { IsBackground = true, Name = "HyperKernels worker" }.Start();
        }
        _run = run;
        _state = state;
        _tiles = tiles;
        _failure = null;
        Volatile.Write(ref _next, 0);
        Volatile.Write(ref _helpersWanted, helpers);
        Interlocked.Increment(ref _generation);
        int asleep = Volatile.Read(ref _sleeping);
        if (asleep > 0)
        {
            _wake.Release(Math.Min(asleep, helpers));
        }
        RunTiles();

        // Whoever has not come by now is not needed; whoever has, must leave before the state goes.
        Interlocked.Exchange(ref _helpersWanted, 0);
        SpinWait spin = default;
        while (Volatile.Read(ref _helpersBusy) != 0)
        {
            spin.SpinOnce(-1);
        }
        _failure?.Throw();
    }

    private void RunTiles()
    {
        try
        {
            int tile;
            while ((tile = Interlocked.Increment(ref _next) - 1) < _tiles)
            {
                _run(_state, tile);
            }
        }
        catch (Exception failure)
        {
            _failure = ExceptionDispatchInfo.Capture(failure);
            Volatile.Write(ref _next, _tiles);
        }
    }

    private void Work()
    {
        int seen = 0;
        while (true)
        {
            WaitForJob(ref seen);
            // Busy is raised before the seat is taken: the caller closes the seats first and looks at busy afterwards.
            Interlocked.Increment(ref _helpersBusy);
            if (TryTakeSeat())
            {
                RunTiles();
            }
            Interlocked.Decrement(ref _helpersBusy);
        }
    }

    private bool TryTakeSeat()
    {
        while (true)
        {
            int wanted = Volatile.Read(ref _helpersWanted);
            if (wanted <= 0)
            {
                return false;
            }
            if (Interlocked.CompareExchange(ref _helpersWanted, wanted - 1, wanted) == wanted)
            {
                return true;
            }
        }
    }

    private void WaitForJob(ref int seen)
    {
        for (int spins = 0; spins < SpinsBeforeSleep; spins++)
        {
            if (_generation != seen)
            {
                seen = _generation;
                return;
            }
            Thread.SpinWait(20);
        }
        Interlocked.Increment(ref _sleeping);
        if (_generation == seen)
        {
            _wake.Wait();
        }
        Interlocked.Decrement(ref _sleeping);
        seen = _generation;
    }
}
