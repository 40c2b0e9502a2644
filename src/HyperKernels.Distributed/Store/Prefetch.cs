using System.Collections.Concurrent;

namespace HyperKernels.Distributed;

/// <summary>Makes numbered items on a thread of its own, a few ahead of the one who takes them, in order.</summary>
/// <typeparam name="T">Disposed of where nobody took them.</typeparam>
/// <remarks>An item must follow from its number alone: then a run that begins in the middle goes on to the same bits.</remarks>
public sealed class Prefetch<T> : IDisposable
    where T : IDisposable
{
    private readonly BlockingCollection<T> _ready;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private Exception? _failure;

    /// <summary>Begins to make items.</summary>
    /// <param name="make">Makes the item of a number; called on the other thread.</param>
    /// <param name="first">The number of the first.</param>
    /// <param name="end">The number after the last.</param>
    /// <param name="ahead">How many are kept ready, at least 1.</param>
    /// <exception cref="ArgumentException">ahead is below 1.</exception>
    public Prefetch(Func<long, T> make, long first, long end, int ahead = 2)
    {
        ArgumentNullException.ThrowIfNull(make);
        if (ahead < 1)
        {
            throw new ArgumentException($"Prefetch: at least 1 item must be kept ready; got {ahead}.", nameof(ahead));
        }
        _ready = new BlockingCollection<T>(ahead);
        _thread = new Thread(() => Run(make, first, end)) { IsBackground = true, Name = "prefetch" };
        _thread.Start();
    }

    /// <summary>How long <see cref="Next"/> waited in all: next to nothing where making items is the faster part.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Takes the next item, which is the caller's to dispose.</summary>
    /// <exception cref="InvalidOperationException">There are no more.</exception>
    /// <remarks>What making an item throws is thrown here, when its turn comes.</remarks>
    public T Next()
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        try
        {
            return _ready.Take();
        }
        catch (InvalidOperationException) when (_failure is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            throw;
        }
        finally
        {
            Waited += System.Diagnostics.Stopwatch.GetElapsedTime(start);
        }
    }

    /// <summary>Ends the thread and disposes of what is ready.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        while (_ready.TryTake(out T? item))
        {
            item.Dispose();
        }
        _ready.Dispose();
        _stop.Dispose();
    }

    private void Run(Func<long, T> make, long first, long end)
    {
        try
        {
            for (long number = first; number < end && !_stop.IsCancellationRequested; number++)
            {
                T item = make(number);
                try
                {
                    _ready.Add(item, _stop.Token);
                }
                catch (OperationCanceledException)
                {
                    item.Dispose();
                    throw;
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
        catch (Exception failure)
        {
            // Handed to whoever takes the item.
            _failure = failure;
        }
        finally
        {
            _ready.CompleteAdding();
        }
    }
}
