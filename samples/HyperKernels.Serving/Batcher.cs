using System.Threading.Channels;

namespace HyperKernels.Serving;

/// <summary>Takes requests from a queue of limited length, and answers those that wait at the same time together.</summary>
internal sealed partial class Batcher(HyperModel model, ServingOptions options, ILogger<Batcher> log) : BackgroundService
{
    private readonly Channel<Question> _queue = Channel.CreateBounded<Question>(new BoundedChannelOptions(options.MostWaiting) { SingleReader = true });
    private Task<bool>? _more;

    /// <summary>How many requests wait.</summary>
    public int Waiting => _queue.Reader.Count;

    /// <summary>How many batches were answered.</summary>
    public long Batches { get; private set; }

    /// <summary>How many requests were answered.</summary>
    public long Answers { get; private set; }

    /// <summary>Whether requests are taken: not before the start, after the stop, or when the loop has ended by a failure.</summary>
    public bool IsOpen => ExecuteTask is { IsCompleted: false } && !_queue.Reader.Completion.IsCompleted;

    /// <summary>Puts a request into the queue.</summary>
    /// <returns>False if the queue is full or closed.</returns>
    public bool TryAsk(Question question) => _queue.Writer.TryWrite(question);

    /// <summary>Takes no more, and ends when the queue is empty.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        if (ExecuteTask is { } loop)
        {
            await loop.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The start of the application does not wait for the first batch.
        await Task.Yield();
        List<Question> batch = new(options.MostBatch);
        while (await More(stoppingToken))
        {
            batch.Clear();
            Take(batch);
            await Fill(batch, stoppingToken);
            Answer(batch);
        }
    }

    private void Take(List<Question> batch)
    {
        while (batch.Count < options.MostBatch && _queue.Reader.TryRead(out Question? question))
        {
            // Whoever left is not worth a row.
            if (!question.IsCancelled)
            {
                batch.Add(question);
            }
        }
    }

    // Waits for further requests until the window closes or the batch is full.
    private async Task Fill(List<Question> batch, CancellationToken stop)
    {
        if (batch.Count == options.MostBatch || options.WindowMilliseconds == 0)
        {
            return;
        }
        Task window = Task.Delay(TimeSpan.FromMilliseconds(options.WindowMilliseconds), stop);
        while (batch.Count < options.MostBatch)
        {
            Task<bool> more = More(stop);
            if (await Task.WhenAny(more, window) == window || !await more)
            {
                return;
            }
            Take(batch);
        }
    }

    // One wait at a time: one that outlived a window is the next batch's.
    private Task<bool> More(CancellationToken stop)
    {
        if (_more is null || _more.IsCompleted)
        {
            _more = _queue.Reader.WaitToReadAsync(stop).AsTask();
        }
        return _more;
    }

    private void Answer(List<Question> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }
        try
        {
            model.Answer(batch);
            Batches++;
            Answers += batch.Count;
        }
        catch (Exception failure)
        {
            // These requests fail; the next ones get their chance.
            LogFailure(failure, batch.Count);
            batch.ForEach(question => question.Fail(failure));
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A batch of {Count} requests failed.")]
    private partial void LogFailure(Exception failure, int count);
}
