namespace HyperKernels.Tests.Distributed;

/// <summary>Generators whose last layer is split over processes.</summary>
public sealed class ShardedTests
{
    // P is four layers' of 700 by 700: rows of 32 with gradient and Adam's state are 958 MiB, a fourth of that on each of four processes.
    private const string Width = "700";
    private const string Layers = "4";

    // Of address space, in KiB. Four processes were seen to need 2,450,000 each, most of it reserved by the runtime and by MPI, and one process more than 3,000,000.
    private const string Limit = "2800000";

    [TestCase(2)]
    [TestCase(3)]
    public void Steps_OfStages_AreThoseOfOneProcess(int processes)
    {
        MpiResult result = Mpi.Ranks(processes, "shards");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    [Test]
    public void Generator_ThatDoesNotFitOneProcess_TrainsOnSeveral()
    {
        MpiResult four = Run(4);
        Assert.That(four.ExitCode, Is.Zero, four.ToString());
        Assert.That(four.Output, Does.Contain("step 2: loss").And.Contain("P 1,962,800, of which 490,700 here"));
        MpiResult one = Run(1);
        Assert.That(one.ExitCode, Is.Not.Zero, one.ToString());
        Assert.That(one.Output + one.Error, Does.Contain("out of memory").Or.Contain("OutOfMemory"), "the native allocator says it so, the collector so");
    }

    // The runtime's reservation for its heap is given, because it depends on the limit else.
    private static MpiResult Run(int processes) => Mpi.Start(processes,
    [
        "sh", "-c", $"ulimit -v {Limit}; exec \"$@\"", "sh", "env", "DOTNET_GCHeapHardLimit=0x20000000", "DOTNET_GCRegionRange=0x40000000", "MALLOC_ARENA_MAX=2",
        "dotnet", typeof(ShardedTests).Assembly.Location, "large-shards", Width, Layers,
    ]);
}
