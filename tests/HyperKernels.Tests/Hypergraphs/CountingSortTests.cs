namespace HyperKernels.Tests.Hypergraphs;

public sealed class CountingSortTests
{
    [TestCase(1)]
    [TestCase(4)]
    public void Sort_AnyNumberOfThreads_GivesTheStableOrder(int threads)
    {
        // Enough pairs for a stretch for each thread; the last segments are empty.
        const int Pairs = 300_000, Segments = 1000;
        Random random = new(1);
        int[] keys = [.. Enumerable.Range(0, Pairs).Select(_ => random.Next(Segments - 5))];
        int[] other = [.. Enumerable.Range(0, Pairs).Select(_ => random.Next())];
        int before = Device.Cpu.Threads;
        Device.Cpu.Threads = threads;
        try
        {
            CountingSort sort = new(keys, Segments);
            (int[] positions, int[] others) = sort.Sort(other);

            int[] expected = [.. Enumerable.Range(0, Pairs).OrderBy(pair => keys[pair])];
            Assert.That(positions.AsSpan().SequenceEqual(expected));
            Assert.That(others.AsSpan().SequenceEqual(Array.ConvertAll(expected, pair => other[pair])));
            Assert.That(sort.IsSorted, Is.False);
            int[] counts = [.. Enumerable.Range(0, Segments).Select(segment => sort.Offsets[segment + 1] - sort.Offsets[segment])];
            Assert.That(keys.GroupBy(key => key).All(group => counts[group.Key] == group.Count()) && counts.Sum() == Pairs);
            Assert.That(new CountingSort([.. keys.Order()], Segments).IsSorted);
        }
        finally
        {
            Device.Cpu.Threads = before;
        }
    }

    [Test]
    public void IsSorted_OneDropBetweenStretches_IsSeen()
    {
        const int Pairs = 1 << 18;
        int[] keys = new int[Pairs];
        keys.AsSpan(0, Pairs / 2).Fill(1);
        int before = Device.Cpu.Threads;
        Device.Cpu.Threads = 2;
        try
        {
            Assert.That(new CountingSort(keys, 2).IsSorted, Is.False);
        }
        finally
        {
            Device.Cpu.Threads = before;
        }
    }
}
