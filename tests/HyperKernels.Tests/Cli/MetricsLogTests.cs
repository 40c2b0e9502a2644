using HyperKernels.Cli.Training;
using HyperKernels.IO;
using HyperKernels.Tests.IO;

namespace HyperKernels.Tests.Cli;

/// <summary>The log of a run is written, and one call of the system fails, each in its turn: its lines are whole, and a run goes on with them.</summary>
public sealed class MetricsLogTests
{
    private const int Lines = 3;

    [Test]
    public void Write_WhereAnyCallFails_KeepsTheLinesBefore_AndTheRunGoesOn([Values] FileFault fault)
    {
        for (int failing = 0; ; failing++)
        {
            using TestData.TemporaryFolder folder = TestData.Temporary();
            string path = folder.File("metrics.jsonl");
            FaultyFiles files = new(failing, fault);
            int written = 0;
            Exception? thrown = files.Try(() =>
            {
                using MetricsLog log = new(path);
                for (int step = 1; step <= Lines; step++)
                {
                    Write(log, step);
                    written = step;
                }
            });
            if (files.Calls <= failing)
            {
                Assert.That(thrown, Is.Null);
                Assert.That(failing, Is.EqualTo(1 + Lines), "the file is made, and every line is one call");
                break;
            }
            Assert.That(thrown, Is.InstanceOf<IOException>().Or.InstanceOf<UnauthorizedAccessException>().Or.InstanceOf<KilledException>(), $"call {failing}");
            GoesOn(path, written, $"call {failing}");
        }
    }

    [Test]
    public void Resume_WhereAnyCallFails_LosesNoLineOfTheCheckpoint([Values] FileFault fault)
    {
        for (int failing = 0; ; failing++)
        {
            using TestData.TemporaryFolder folder = TestData.Temporary();
            string path = folder.File("metrics.jsonl");
            // What a run left that was killed in the midst of its fourth line. Its checkpoint is of the second step.
            using (MetricsLog log = new(path))
            {
                for (int step = 1; step <= Lines; step++)
                {
                    Write(log, step);
                }
            }
            File.AppendAllText(path, "{\"step\":4,\"sec");
            FaultyFiles files = new(failing, fault);
            Exception? thrown = files.Try(() =>
            {
                using MetricsLog log = new(path);
                log.ResumeAt(2);
                Write(log, 3);
            });
            if (files.Calls <= failing)
            {
                Assert.That(thrown, Is.Null);
                Assert.That(failing, Is.GreaterThan(8), "calls of a resumed run");
                break;
            }
            GoesOn(path, 2, $"call {failing} ends with {thrown?.GetType().Name}");
        }
    }

    // As a run whose owner makes room on the disk while it says that there is none.
    [Test]
    public void Write_AfterOneThatFailed_LeavesWholeLines()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("metrics.jsonl");
        Exception? thrown = new FaultyFiles(2, FileFault.DiskFull).Try(() =>
        {
            using MetricsLog log = new(path);
            Write(log, 1);
            Assert.That(() => Write(log, 2), Throws.InstanceOf<IOException>());
            Assert.That(log.Steps, Has.Count.EqualTo(1));
            Write(log, 3);
        });
        Assert.That(thrown, Is.Null);
        Assert.That(Steps(path, 3), Is.EqualTo(new long[] { 1, 3 }));
    }

    // As a disk where not even what was written half can be cut off: the whole second line is written in its place by the next that works.
    [Test]
    public void Write_AfterOneThatFailedAndWasNotCutOff_LeavesWholeLines()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("metrics.jsonl");
        Stubborn files = new();
        FileLayer.Replace(files);
        try
        {
            using LogFile log = new(path, append: false);
            log.Write("one\n"u8);
            files.Fails = true;
            Assert.That(() => log.Write("a longer one\n"u8), Throws.InstanceOf<IOException>());
            Assert.That(File.ReadAllText(path), Is.EqualTo("one\na long"));
            Assert.That(() => log.Write("two\n"u8), Throws.InstanceOf<IOException>());
            files.Fails = false;
            log.Write("two\n"u8);
        }
        finally
        {
            FileLayer.Replace(null);
        }
        Assert.That(File.ReadAllText(path), Is.EqualTo("one\ntwo\n"));
    }

    [Test]
    public void Log_OfAFolderThatIsGone_NamesIt()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string gone = Path.Combine(folder.Root, "gone");
        string path = Path.Combine(gone, "metrics.jsonl");
        using MetricsLog log = new(path);
        Assert.That(() => Write(log, 1),
            Throws.TypeOf<DirectoryNotFoundException>().With.Message.EqualTo($"{path}: the folder {gone} does not exist, or not any more."));
    }

    private static void GoesOn(string path, int checkpoint, string what)
    {
        Assert.That(Steps(path, checkpoint), Is.EqualTo(Enumerable.Range(1, checkpoint)), what);
        using (MetricsLog log = new(path))
        {
            log.ResumeAt(checkpoint);
            Write(log, checkpoint + 1);
        }
        Assert.That(Steps(path, long.MaxValue), Is.EqualTo(Enumerable.Range(1, checkpoint + 1)), what);
    }

    private static IEnumerable<long> Steps(string path, long at)
    {
        using MetricsLog log = new(path);
        log.ResumeAt(at);
        return [.. log.Steps.Select(static line => line.Step)];
    }

    private static void Write(MetricsLog log, long step) => log.Write(step, step, [new Metric("loss", 1.0 / step)]);

    private sealed class Stubborn : FileLayer
    {
        public bool Fails { get; set; }

        public override Stream OpenShared(string path, FileMode mode) => new Half(this, path, mode);

        private sealed class Half(Stubborn files, string path, FileMode mode) : FileStream(path, mode, FileAccess.Write, FileShare.Read, bufferSize: 0)
        {
            public override void Write(ReadOnlySpan<byte> buffer)
            {
                base.Write(files.Fails ? buffer[..(buffer.Length / 2)] : buffer);
                Fail();
            }

            public override void SetLength(long value)
            {
                Fail();
                base.SetLength(value);
            }

            private void Fail()
            {
                if (files.Fails)
                {
                    throw new IOException("There is not enough space on the disk.");
                }
            }
        }
    }
}
