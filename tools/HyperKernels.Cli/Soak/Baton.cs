namespace HyperKernels.Cli.Soak;

/// <summary>
/// Threads of which one alone runs at a time: whoever has the baton hands it on at <see cref="Pass"/> to one that a seed chooses, so that an interleaving can be had
/// again. The seed and the turns are all that an interleaving follows from.
/// </summary>
internal sealed class Baton(Random random)
{
    private static readonly ThreadLocal<Seat?> s_mine = new();

    private readonly Lock _gate = new();
    private readonly List<Seat> _waiting = [];
    private readonly ManualResetEventSlim _allDone = new();
    private Exception? _failure;
    private int _running;

    /// <summary>Takes part with one more thread, which gets its first turn when the baton is passed; it begins in the scopes of the caller.</summary>
    public void Add(Action work)
    {
        Seat seat = new();
        lock (_gate)
        {
            _running++;
            _waiting.Add(seat);
        }
        new Thread(() => Run(seat, work)) { IsBackground = true }.Start();
    }

    /// <summary>Runs all that were added, and those that they add, to their end.</summary>
    /// <exception cref="InvalidOperationException">One of them failed: what it failed with is within.</exception>
    public void RunAll()
    {
        Next();
        _allDone.Wait();
        if (_failure is not null)
        {
            throw new InvalidOperationException("a flow of a schedule failed", _failure);
        }
    }

    /// <summary>Lets somebody else go on, or the caller. Threads that do not take part may call it, to no effect.</summary>
    public static void Pass()
    {
        if (s_mine.Value is { Owner: { } owner } seat)
        {
            owner.Pass(seat);
        }
    }

    private void Pass(Seat mine)
    {
        lock (_gate)
        {
            _waiting.Add(mine);
        }
        Next();
        mine.Turn.Wait();
    }

    private void Next()
    {
        Seat? next = null;
        lock (_gate)
        {
            if (_waiting.Count > 0)
            {
                int place = random.Next(_waiting.Count);
                next = _waiting[place];
                _waiting.RemoveAt(place);
            }
        }
        next?.Turn.Release();
    }

    private void Run(Seat seat, Action work)
    {
        seat.Owner = this;
        s_mine.Value = seat;
        seat.Turn.Wait();
        try
        {
            work();
        }
        catch (Exception failure)
        {
            _failure ??= failure;
        }
        s_mine.Value = null;
        if (Interlocked.Decrement(ref _running) == 0)
        {
            _allDone.Set();
        }
        Next();
    }

    private sealed class Seat
    {
        public SemaphoreSlim Turn { get; } = new(0);

        public Baton? Owner { get; set; }
    }
}
