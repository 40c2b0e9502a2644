using System.Collections.Concurrent;
using HyperKernels.IO;

namespace HyperKernels.Tests.IO;

/// <summary>Batches hold what columns hold, each example once an epoch, in an order that seed and epoch alone decide.</summary>
public sealed class DataSetTests
{
    private const int Examples = 10;

    [Test]
    public void Order_IsTheSameOnEveryMachine()
    {
        BatchOrder order = new(Examples, 4, seed: 7);
        int[] first = [.. order.Rows(0), .. order.Rows(1), .. order.Rows(2)];
        // Computed in Python's whole numbers from the generator's and the shuffle's published pseudocode.
        Assert.That(first, Is.EqualTo(new[] { 3, 0, 1, 2, 6, 7, 9, 4, 5, 8 }));
    }

    [Test]
    public void Batches_GoThroughAllExamplesOnce()
    {
        DataSet data = Data();
        List<int> labels = [];
        List<int> sizes = [];
        foreach ((Tensor images, Tensor numbers) in data.Batches(4))
        {
            Assert.That(images.Shape, Is.EqualTo(new Shape(numbers.Shape[0], 1, 2)));
            Assert.That(images.ToArray(), Is.EqualTo(numbers.ToIntArray().SelectMany(n => new[] { n / 255f, (n + 100) / 255f })).Within(1e-7f));
            labels.AddRange(numbers.ToIntArray());
            sizes.Add(numbers.Shape[0]);
        }
        Assert.That(labels, Is.EqualTo(Enumerable.Range(0, Examples)));
        Assert.That(sizes, Is.EqualTo(new[] { 4, 4, 2 }));
        Assert.That(data.Batches(4, dropLast: true).Select(batch => batch.Examples), Is.EqualTo(new[] { 4, 4 }));
    }

    [Test]
    public void Shuffled_Batches_AreThoseOfSeedAndEpoch()
    {
        DataSet data = Data();
        int[] first = Labels(data.Batches(3, shuffle: true, seed: 5));
        Assert.Multiple(() =>
        {
            Assert.That(first, Is.EquivalentTo(Enumerable.Range(0, Examples)).And.Not.Ordered);
            Assert.That(Labels(data.Batches(5, shuffle: true, seed: 5)), Is.EqualTo(first), "whatever the size of batches");
            Assert.That(Labels(data.Batches(3, shuffle: true, seed: 6)), Is.Not.EqualTo(first));
            Assert.That(Labels(data.Batches(3, shuffle: true, seed: 5, epoch: 1)), Is.Not.EqualTo(first).And.EquivalentTo(first));
        });
    }

    [Test]
    public void Tensors_OfABatch_EndWithIt_AndNoOthersDo()
    {
        using MemoryScope scope = new();
        List<Tensor> batches = [];
        List<Tensor> own = [];
        foreach (TensorBatch batch in Data().Batches(5))
        {
            batches.Add(batch[0]);
            own.Add(Ops.Neg(batch[0]));
            Assert.That(batch[0].IsAlive);
        }
        Assert.That(batches.Exists(tensor => tensor.IsAlive), Is.False);
        Assert.That(own.TrueForAll(tensor => tensor.IsAlive));
    }

    [Test]
    public async Task BatchesAsync_AreTheSame()
    {
        DataSet data = Data();
        List<int> labels = [];
        await foreach (TensorBatch batch in data.BatchesAsync(3, shuffle: true, seed: 5, ahead: 1))
        {
            labels.AddRange(batch[1].ToIntArray());
        }
        Assert.That(labels, Is.EqualTo(Labels(data.Batches(3, shuffle: true, seed: 5))));
    }

    [Test]
    public async Task BatchesAsync_LeftEarly_OrCancelled_End()
    {
        DataSet data = Data();
        await foreach (TensorBatch batch in data.BatchesAsync(1))
        {
            Assert.That(batch.Examples, Is.EqualTo(1));
            break;
        }
        using CancellationTokenSource source = new();
        int seen = 0;
        Assert.That(
            async () =>
            {
                await foreach (TensorBatch batch in data.BatchesAsync(1, cancellation: source.Token))
                {
                    seen++;
                    await source.CancelAsync();
                }
            },
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(seen, Is.EqualTo(1));
    }

    [Test]
    public void BatchesAsync_WithAValueThatDoesNotFit_FailsInTheLoop()
    {
        DataSet data = new(DataColumn.Integers(NumericArray.From(new[] { 1L, 1L << 40 }, 2)));
        Assert.That(
            async () =>
            {
                await foreach (TensorBatch batch in data.BatchesAsync(1))
                {
                    Assert.That(batch[0].ToIntArray(), Is.EqualTo(new[] { 1 }));
                }
            },
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("example 1"));
    }

    [Test]
    public async Task LoadAsync_JoinsFilesInTheirOrder_AndTellsHowFarItIs()
    {
        string[] paths = [.. Enumerable.Range(0, 6).Select(i => $"{i}")];
        ConcurrentBag<LoadProgress> told = [];
        DataSet data = await DataSet.LoadAsync(paths, Read, new Direct(told.Add));
        Assert.That(Labels(data.Batches(4)), Is.EqualTo(new[] { 1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5 }), "file i holds i examples");
        Assert.That(told.Select(each => (each.Done, each.Total)).Order(), Is.EqualTo(Enumerable.Range(1, 6).Select(done => (done, 6))));
        using CancellationTokenSource source = new();
        await source.CancelAsync();
        Assert.That(async () => await DataSet.LoadAsync(paths, Read, cancellation: source.Token), Throws.InstanceOf<OperationCanceledException>());

        static IReadOnlyList<DataColumn> Read(string path)
        {
            int number = int.Parse(path);
            return [DataColumn.Floats(new float[2 * number], number, 2), DataColumn.Integers([.. Enumerable.Repeat(number, number)])];
        }
    }

    [Test]
    public void Columns_ThatDoNotFit_AreRefused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new DataSet(DataColumn.Integers(1, 2), DataColumn.Integers(1)), Throws.ArgumentException.With.Message.Contains("got [2, 1]"));
            Assert.That(() => new DataSet(), Throws.ArgumentException);
            Assert.That(() => DataColumn.Integers(NumericArray.From(new float[2], 2)), Throws.ArgumentException.With.Message.Contains("Use Floats"));
            Assert.That(
                () => DataColumn.Join([DataColumn.Integers(1), DataColumn.Floats(new float[1], 1)]), Throws.ArgumentException.With.Message.Contains("1 examples [] of I32"));
            Assert.That(() => Data().Batches(11, dropLast: true), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => Data().Batches(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
    }

    private static DataSet Data()
    {
        byte[] pixels = [.. Enumerable.Range(0, Examples).SelectMany(i => new[] { (byte)i, (byte)(i + 100) })];
        return new DataSet(
            DataColumn.Floats(NumericArray.From(pixels, Examples, 1, 2), scale: 1f / 255), DataColumn.Integers([.. Enumerable.Range(0, Examples)]));
    }

    private static int[] Labels(IEnumerable<TensorBatch> batches) => [.. batches.SelectMany(batch => batch[1].ToIntArray())];

    private sealed class Direct(Action<LoadProgress> report) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => report(value);
    }
}
