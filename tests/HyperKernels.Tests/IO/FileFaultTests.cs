using HyperKernels.IO;

namespace HyperKernels.Tests.IO;

/// <summary>A checkpoint is written, and one call of the system fails, each in its turn: the old one is there or the new one, whole.</summary>
public sealed class FileFaultTests
{
    // More than the buffer of a file, so that one is written in several calls.
    private const int Elements = 40_000;

    [Test]
    public void Save_WhereAnyCallFails_LeavesTheOldOrTheNewCheckpointWhole_AndTheNextSaveWorks([Values] FileFault fault, [Values(0, 1, 3)] int before)
    {
        for (int failing = 0; ; failing++)
        {
            using TestData.TemporaryFolder folder = TestData.Temporary();
            string path = folder.File("checkpoint.safetensors");
            for (int step = 1; step <= before; step++)
            {
                At(step).Save(path);
            }
            Abandon(folder.File(".checkpoint.safetensors.0123.tmp", [1]));

            FaultyFiles files = new(failing, fault);
            Exception? thrown = files.Try(() => At(before + 1).Save(path));
            if (files.Calls <= failing)
            {
                Assert.That(thrown, Is.Null);
                Assert.That(failing, Is.GreaterThan(before == 0 ? 9 : 12), "calls that a save makes");
                break;
            }
            string what = $"call {failing} of a save ends with {thrown?.GetType().Name}";
            Assert.That(thrown, Is.Null.Or.InstanceOf<IOException>().Or.InstanceOf<UnauthorizedAccessException>().Or.InstanceOf<KilledException>(), what);
            if (before > 0 || File.Exists(path))
            {
                Checkpoint left = Checkpoint.Load(path);
                Assert.That(left.Step, Is.EqualTo(before + 1).Or.EqualTo(thrown is null ? before + 1 : before), what);
                Assert.That(left.Weights["w"].Values, Is.All.EqualTo((float)left.Step), what);
                Assert.That(left.Warning, Is.Null, what);
            }

            Abandon(Directory.GetFiles(folder.Root, "*.tmp"));
            At(before + 2).Save(path);
            Assert.That(Checkpoint.Load(path).Step, Is.EqualTo(before + 2), what);
            Assert.That(Directory.GetFiles(folder.Root, "*.tmp"), Is.Empty, what);
        }
    }

    [Test]
    public void Save_WhereTheFolderMayNotBeListed_WorksAllTheSame()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("checkpoint.safetensors");
        // The second call looks for what killed writers left.
        Assert.That(new FaultyFiles(1, FileFault.AccessDenied).Try(() => At(1).Save(path)), Is.Null);
        Assert.That(Checkpoint.Load(path).Step, Is.EqualTo(1));
    }

    [Test]
    public void Write_ToAFolderThatIsGoneOrClosed_NamesTheFolderAndTheFile()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string gone = Path.Combine(folder.Root, "gone");
        string path = Path.Combine(gone, "a.npy");
        Assert.That(() => AtomicFile.Write(path, static _ => { }),
            Throws.TypeOf<DirectoryNotFoundException>().With.Message.EqualTo($"{path}: the folder {gone} does not exist, or not any more."));
        // The third call makes the file.
        Directory.CreateDirectory(gone);
        Assert.That(new FaultyFiles(2, FileFault.AccessDenied).Try(() => AtomicFile.Write(path, static _ => { })),
            Is.TypeOf<IOException>().With.Message.Contains($"{path}: no file may be made in the folder {gone}"));
    }

    [Test]
    public void Write_WhoseFolderIsMovedMeanwhile_NamesTheFolderAndTheFile()
    {
        Assume.That(OperatingSystem.IsWindows(), Is.False, "a folder with an open file cannot be moved there");
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string gone = Path.Combine(folder.Root, "gone");
        string path = Path.Combine(gone, "a.npy");
        Directory.CreateDirectory(gone);
        Assert.That(() => AtomicFile.Write(path, _ => Directory.Move(gone, Path.Combine(folder.Root, "moved"))),
            Throws.TypeOf<DirectoryNotFoundException>().With.Message.EqualTo($"{path}: the folder {gone} does not exist, or not any more."));
    }

    // Nobody's any more, once it is old enough.
    private static void Abandon(params string[] temporaries)
    {
        foreach (string path in temporaries)
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-2));
        }
    }

    private static Checkpoint At(long step)
    {
        float[] values = new float[Elements];
        values.AsSpan().Fill(step);
        return new Checkpoint { Step = step, Weights = new Dictionary<string, HostArray> { ["w"] = new HostArray(values, [Elements]) } };
    }
}
