namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class StoredRecipeTests
{
    [Test]
    public void Train_OnDrawnCommunities_FindsThem()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "stored-communities", "--steps", "40", "--threads", "1", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(RecipeRun.Figure(result, "hgnn", "test accuracy"), Is.GreaterThan(0.7), "one in eight by chance");
    }

    [Test]
    public void Train_Interrupted_GoesOnToTheSameBits()
    {
        using TestData.TemporaryFolder data = TestData.Temporary(), whole = TestData.Temporary(), parts = TestData.Temporary();
        string store = data.File("store");
        Assert.That(CliProcess.Run("store", "make", store, "--nodes", "3000", "--features", "8", "--size", "5").ExitCode, Is.Zero);
        string[] arguments = ["train", "stored-communities", "--data", store, "--steps", "150", "--model", "unisage", "--threads", "1"];
        Assert.That(CliProcess.Run([.. arguments, "--out", whole.Root]).ExitCode, Is.Zero);
        RecipeRun.InParts(arguments, parts, "loss");
        RecipeRun.EndAlike(whole, parts);
    }

    [Test]
    public void Store_MadeAndVerified_AndDamaged()
    {
        using TestData.TemporaryFolder data = TestData.Temporary();
        string store = data.File("store");
        CliResult made = CliProcess.Run("store", "make", store, "--nodes", "1000", "--edges", "400", "--size", "6", "--features", "3", "--memory", "1");
        Assert.That((made.ExitCode, made.Output.Trim()), Is.EqualTo((0, "1,000 nodes, 400 hyperedges, 2,400 memberships, 3 features, 8 classes, 0.00 GB")));
        Assert.That(CliProcess.Run("store", "verify", store).Output, Does.StartWith("whole:"));
        using (FileStream stream = File.OpenWrite(Path.Combine(store, "features.safetensors")))
        {
            stream.Position = 5_000;
            stream.WriteByte(77);
        }
        CliResult damaged = CliProcess.Run("store", "verify", store);
        Assert.That((damaged.ExitCode, damaged.Error), Is.EqualTo((4, damaged.Error)));
        Assert.That(damaged.Error, Does.Contain("features.safetensors: byte 4,096: the data have the checksum"));
        Assert.That(CliProcess.Run("store", "make", store, "--nodes", "8", "--size", "6").ExitCode, Is.EqualTo(2));
        Assert.That(CliProcess.Run("store", "info", data.File("nothing")).ExitCode, Is.EqualTo(4));
    }
}
