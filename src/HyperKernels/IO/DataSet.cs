using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace HyperKernels.IO;

/// <summary>Examples in memory, to be taken in batches: in order or shuffled, one after the other or made ahead by another thread.</summary>
/// <remarks>The order of a seed and an epoch is the same on every machine. Any number of threads may take batches at once.</remarks>
public sealed class DataSet
{
    private readonly DataColumn[] _columns;

    /// <summary>A data set of columns.</summary>
    /// <param name="columns">At least one; all have the same number of examples, at least one.</param>
    /// <exception cref="ArgumentException">They have not.</exception>
    public DataSet(params ReadOnlySpan<DataColumn> columns)
    {
        _columns = Throw.IfAnyNull("DataSet", columns.ToArray(), nameof(columns));
        if (_columns.Length == 0 || _columns[0].Count == 0 || Array.Exists(_columns, column => column.Count != _columns[0].Count))
        {
            Throw.Argument($"DataSet: columns of the same number of examples are needed; got [{string.Join(", ", _columns.Select(static column => column.Count))}].");
        }
    }

    /// <summary>The number of examples.</summary>
    public int Count => _columns[0].Count;

    /// <summary>What is known of each example.</summary>
    public IReadOnlyList<DataColumn> Columns => _columns;

    /// <summary>Reads a data set out of many files, several at a time.</summary>
    /// <param name="paths">The files, in the order that their examples will have.</param>
    /// <param name="read">Reads one: its examples, in the same columns each time. Called by several threads.</param>
    /// <param name="progress">Told after each file.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ArgumentException">There is no file, or files have other columns than the first.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<DataSet> LoadAsync(
        IReadOnlyList<string> paths, Func<string, IReadOnlyList<DataColumn>> read, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(read);
        IReadOnlyList<DataColumn>[] parts = new IReadOnlyList<DataColumn>[paths.Count];
        int done = 0;
        await Parallel.ForAsync(0, paths.Count, cancellation, (i, _) =>
        {
            parts[i] = read(paths[i]);
            progress?.Report(new LoadProgress(Interlocked.Increment(ref done), paths.Count, paths[i]));
            return ValueTask.CompletedTask;
        }).ConfigureAwait(false);
        if (parts.Length == 0 || Array.Exists(parts, part => part.Count != parts[0].Count))
        {
            Throw.Argument($"DataSet.LoadAsync: files of the same columns are needed; got [{string.Join(", ", parts.Select(static part => part.Count))}] columns.");
        }
        return new DataSet([.. Enumerable.Range(0, parts[0].Count).Select(column => DataColumn.Join([.. parts.Select(part => part[column])]))]);
    }

    /// <summary>Takes chosen examples.</summary>
    /// <param name="rows">Which.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <returns>Tensors that belong to the current scope, or to the caller.</returns>
    /// <exception cref="InvalidDataException">A value fits into no float32 or int32.</exception>
    public TensorBatch Take(ReadOnlySpan<int> rows, Device? device = null) => ToTensors(Gather(rows), device);

    /// <summary>Goes through all examples once, in batches.</summary>
    /// <param name="size">Examples in a batch.</param>
    /// <param name="shuffle">Whether the order is random.</param>
    /// <param name="seed">Of the order.</param>
    /// <param name="epoch">Each has an order of its own.</param>
    /// <param name="dropLast">Leaves a last batch out that has fewer examples.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <returns>Batches whose tensors live until the next is taken.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1, or no batch is left.</exception>
    public IEnumerable<TensorBatch> Batches(int size, bool shuffle = false, int seed = 0, int epoch = 0, bool dropLast = false, Device? device = null)
    {
        BatchOrder order = new(Count, size, seed, shuffle, dropLast);
        return Go();

        IEnumerable<TensorBatch> Go()
        {
            for (int i = 0; i < order.StepsPerEpoch; i++)
            {
                TensorBatch batch = Take(order.Rows(((long)epoch * order.StepsPerEpoch) + i), device);
                try
                {
                    yield return batch;
                }
                finally
                {
                    batch.End();
                }
            }
        }
    }

    /// <summary>The same batches as <see cref="Batches"/>, gathered and converted ahead by another thread while the program computes.</summary>
    /// <param name="size">Examples in a batch.</param>
    /// <param name="shuffle">Whether the order is random.</param>
    /// <param name="seed">Of the order.</param>
    /// <param name="epoch">Each has an order of its own.</param>
    /// <param name="dropLast">Leaves a last batch out that has fewer examples.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <param name="ahead">How many batches may wait.</param>
    /// <param name="cancellation">Ends the loop.</param>
    /// <returns>Batches whose tensors live until the next is taken.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1, or no batch is left.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async IAsyncEnumerable<TensorBatch> BatchesAsync(
        int size, bool shuffle = false, int seed = 0, int epoch = 0, bool dropLast = false, Device? device = null, int ahead = 2,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        BatchOrder order = new(Count, size, seed, shuffle, dropLast);
        Channel<HostBatch> waiting = Channel.CreateBounded<HostBatch>(ahead);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task producer = Task.Run(() => ProduceAsync(order, epoch, waiting.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (HostBatch values in waiting.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                cancellation.ThrowIfCancellationRequested();
                TensorBatch batch = ToTensors(values, device);
                try
                {
                    yield return batch;
                }
                finally
                {
                    batch.End();
                }
            }
        }
        finally
        {
            // A loop that is left early must not leave a thread behind.
            await stop.CancelAsync().ConfigureAwait(false);
            await producer.ConfigureAwait(false);
        }
    }

    // What fails reaches the reader of the channel.
    private async Task ProduceAsync(BatchOrder order, int epoch, ChannelWriter<HostBatch> writer, CancellationToken stop)
    {
        try
        {
            for (int i = 0; i < order.StepsPerEpoch; i++)
            {
                HostBatch values = Gather(order.Rows(((long)epoch * order.StepsPerEpoch) + i));
                await writer.WriteAsync(values, stop).ConfigureAwait(false);
            }
            writer.Complete();
        }
        catch (Exception failure)
        {
            writer.Complete(failure);
        }
    }

    private HostBatch Gather(ReadOnlySpan<int> rows)
    {
        Array[] values = new Array[_columns.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = _columns[i].ElementType == ElementType.Float32 ? _columns[i].FloatsOf(rows) : _columns[i].IntegersOf(rows);
        }
        return new HostBatch(rows.Length, values);
    }

    private TensorBatch ToTensors(HostBatch batch, Device? device)
    {
        Tensor[] tensors = new Tensor[batch.Values.Length];
        for (int i = 0; i < tensors.Length; i++)
        {
            Shape shape = _columns[i].ExampleShape.Insert(0, batch.Examples);
            tensors[i] = batch.Values[i] is float[] floats ? Tensor.From(floats, shape, device) : Tensor.From((int[])batch.Values[i], shape, device);
        }
        return new TensorBatch(tensors);
    }

    // Float or integer arrays, one for each column.
    private sealed record HostBatch(int Examples, Array[] Values);
}
