using HyperKernels.Backends.Cpu;
using NUnit.Framework;

namespace HyperKernels.Tests;

[TestFixture]
internal sealed class ForkJoinTests
{
    private static void CheckEachOnce(int[] counts, int expected)
    {
        for (int i = 0; i < counts.Length; i++)
        {
            Assert.That(counts[i], Is.EqualTo(expected), $"tile {i} of {counts.Length}");
        }
    }

    [Test]
    public void For_ManySmallJobs_RunsEachTileOnce([Values(1, 2, 5)] int crew)
    {
        using ForkJoin threads = new(crew);
        for (int job = 0; job < 3000; job++)
        {
            CountTiles tiles = new() { Counts = new int[job % 7] };
            threads.For(512, tiles.Counts.Length, ref tiles);
            CheckEachOnce(tiles.Counts, 1);
            if (job % 1000 == 999)
            {
                // Long enough for the workers to fall asleep: the next job has to wake them.
                Thread.Sleep(2);
            }
        }
    }

    [Test]
    public void For_TilesThatForkAgain_RunsEachTileOnce()
    {
        using ForkJoin threads = new(3);
        for (int job = 0; job < 200; job++)
        {
            NestedTiles tiles = new() { Threads = threads, Counts = new int[11], Inner = 5 };
            threads.For(256, tiles.Counts.Length, ref tiles);
            CheckEachOnce(tiles.Counts, 5);
        }
    }

    [Test]
    public void For_ConcurrentCallers_RunsEachTileOnce()
    {
        using ForkJoin threads = new(2);
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            for (int job = 0; job < 500; job++)
            {
                CountTiles tiles = new() { Counts = new int[1 + (job % 9)] };
                threads.For(128, tiles.Counts.Length, ref tiles);
                CheckEachOnce(tiles.Counts, 1);
            }
        });
    }

    [Test]
    public void For_ATileThrows_ThrowsItAndServesTheNextJob([Values(1, 2)] int crew)
    {
        using ForkJoin threads = new(crew);
        for (int job = 0; job < 50; job++)
        {
            CountTiles tiles = new() { Counts = new int[8], Throws = true, ThrowAt = job % 8 };
            InvalidOperationException? failure =
                Assert.Throws<InvalidOperationException>(() => threads.For(0, tiles.Counts.Length, ref tiles));
            Assert.That(failure?.Message, Is.EqualTo($"tile {job % 8}"));
            CountTiles next = new() { Counts = new int[8] };
            threads.For(0, next.Counts.Length, ref next);
            CheckEachOnce(next.Counts, 1);
        }
    }

    [Test]
    public void For_TwoThreads_SharesTheTilesOut()
    {
        using ForkJoin threads = new(2);
        MeetTiles tiles = new() { Meeting = new Barrier(2) };
        // Each of the two tiles waits for the other: one thread alone would never get to the second.
        threads.For(512, 2, ref tiles);
        Assert.That(tiles.Meeting.CurrentPhaseNumber, Is.EqualTo(1));
        tiles.Meeting.Dispose();
    }

    [Test]
    public void For_JobAfterJob_GivesATileToTheSameThread()
    {
        using ForkJoin threads = new(2);
        using Barrier meeting = new(2);
        List<int[]> jobs = [];
        for (int job = 0; job < 20; job++)
        {
            // Tiles 0 and 2 are begun together, then 1 and 3: no thread is done before the other.
            jobs.Add(new int[4]);
            MeetTiles tiles = new() { Meeting = meeting, Threads = jobs[job] };
            threads.For(512, 4, ref tiles);
        }
        int caller = Environment.CurrentManagedThreadId;
        int worker = jobs[0][3];
        Assert.That(worker, Is.Not.EqualTo(caller));
        Assert.That(jobs, Has.All.EqualTo(new[] { caller, caller, worker, worker }));
    }

    [Test]
    public void For_AThreadThatIsDone_TakesTilesOffTheEndOfTheOthers()
    {
        using ForkJoin threads = new(3);
        // The first tile, which is the caller's, ends after all others, of which some are the caller's too.
        LastTiles tiles = new() { Others = new CountdownEvent(8) };
        threads.For(128, 9, ref tiles);
        Assert.That(tiles.Others.CurrentCount, Is.Zero);
        tiles.Others.Dispose();
    }

    [Test]
    public void For_WorkersThatStay_KeepNothingOfTheFlowThatStartedThem()
    {
        using ForkJoin threads = new(2);
        AsyncLocal<object?> ambient = new();
        WeakReference started = null!;
        Thread flow = new(() =>
        {
            ambient.Value = new object();
            started = new WeakReference(ambient.Value);
            CountTiles tiles = new() { Counts = new int[8] };
            threads.For(0, tiles.Counts.Length, ref tiles);
        });
        flow.Start();
        flow.Join();
        Assert.That(
            () =>
            {
                GC.Collect();
                return started.IsAlive;
            },
            Is.False.After(2_000, 20));
    }

    [Test]
    public void For_AfterDispose_RunsOnTheCaller()
    {
        ForkJoin threads = new(2);
        CountTiles tiles = new() { Counts = new int[4] };
        threads.For(512, 4, ref tiles);
        threads.Dispose();
        threads.For(512, 4, ref tiles);
        CheckEachOnce(tiles.Counts, 2);
    }

    [Test]
    public void Threads_Zero_Throws()
    {
        using ForkJoin threads = new(1);
        Assert.That(() => threads.Threads = 0, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private struct CountTiles : ITiles
    {
        public int[] Counts;
        public bool Throws;
        public int ThrowAt;

        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            Interlocked.Increment(ref Counts[tile]);
            if (Throws && tile == ThrowAt)
            {
                throw new InvalidOperationException($"tile {tile}");
            }
        }
    }

    private struct NestedTiles : ITiles
    {
        public ForkJoin Threads;
        public int[] Counts;
        public int Inner;

        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            CountTiles inner = new() { Counts = new int[Inner] };
            Threads.For(512, Inner, ref inner);
            Interlocked.Add(ref Counts[tile], inner.Counts.Sum());
        }
    }

    private struct MeetTiles : ITiles
    {
        public Barrier Meeting;
        public int[]? Threads;

        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            if (Threads is not null)
            {
                Threads[tile] = Environment.CurrentManagedThreadId;
            }
            Assert.That(Meeting.SignalAndWait(TimeSpan.FromSeconds(10)), Is.True);
        }
    }

    private struct LastTiles : ITiles
    {
        public CountdownEvent Others;

        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            if (tile == 0)
            {
                Assert.That(Others.Wait(TimeSpan.FromSeconds(10)), Is.True);
            }
            else
            {
                Others.Signal();
            }
        }
    }
}
