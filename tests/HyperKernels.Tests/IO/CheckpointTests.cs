using HyperKernels.IO;

namespace HyperKernels.Tests.IO;

public sealed class CheckpointTests
{
    [Test]
    public void Load_WhatWasSaved_GivesEverythingBack()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("run.safetensors");
        Checkpoint saved = new()
        {
            Weights = new Dictionary<string, HostArray> { ["b.weight"] = new([1, float.NaN, -0f, 4], [2, 2]), ["a"] = new([7], []) },
            Optimizer = new Dictionary<string, HostArray> { ["b.weight"] = new([9, 8, 7, 6], [2, 2]) },
            Random = new Dictionary<string, RandomState> { ["dropout"] = new(ulong.MaxValue, 12) },
            Step = 300,
            Epoch = 2,
            DataPosition = 640,
            Metadata = new Dictionary<string, string> { ["recipe"] = "mip" },
        };

        saved.Save(path);
        Checkpoint loaded = Checkpoint.Load(path);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded.Weights.Keys, Is.EquivalentTo(new[] { "a", "b.weight" }));
            Assert.That(loaded.Weights["b.weight"].Values.Select(BitConverter.SingleToInt32Bits),
                Is.EqualTo(saved.Weights["b.weight"].Values.Select(BitConverter.SingleToInt32Bits)));
            Assert.That(loaded.Weights["a"].Shape.Rank, Is.Zero);
            Assert.That(loaded.Optimizer["b.weight"].Values, Is.EqualTo(new float[] { 9, 8, 7, 6 }));
            Assert.That(loaded.Random["dropout"], Is.EqualTo(new RandomState(ulong.MaxValue, 12)));
            Assert.That((loaded.Step, loaded.Epoch, loaded.DataPosition), Is.EqualTo((300L, 2L, 640L)));
            Assert.That(loaded.Metadata, Is.EquivalentTo(saved.Metadata));
            Assert.That(loaded.Warning, Is.Null);
        }
    }

    [Test]
    public void Load_NewestCutOff_GoesBackToTheOneBeforeAndSaysSo()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = SaveTwice(folder);
        Damage(path, bytes => bytes[..^3]);

        Checkpoint loaded = Checkpoint.Load(path);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded.Step, Is.EqualTo(1));
            Assert.That(loaded.Warning, Does.StartWith(path).And.EndsWith($"Went back to '{path}.previous'."));
        }
    }

    [Test]
    public void Load_OneBitOfAValueFlipped_GoesBackToTheOneBefore()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = SaveTwice(folder);
        Damage(path, bytes =>
        {
            bytes[^2] ^= 1;
            return bytes;
        });

        Checkpoint loaded = Checkpoint.Load(path);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded.Step, Is.EqualTo(1));
            Assert.That(loaded.Warning, Does.Contain("checksum"));
        }
    }

    [Test]
    public void Load_NewestMissing_GoesBackToTheOneBefore()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = SaveTwice(folder);
        File.Delete(path);

        Assert.That(Checkpoint.Load(path).Warning, Does.Contain("does not exist"));
    }

    [Test]
    public void Load_BothDamaged_GivesBothReasons()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = SaveTwice(folder);
        Damage(path, bytes => bytes[..4]);
        Damage(path + ".previous", bytes => bytes[..^1]);

        Assert.That(
            () => Checkpoint.Load(path),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains($"{path}: byte 4").And.Message.Contains($"{path}.previous: byte"));
    }

    [Test]
    public void Load_NothingThere_IsFileNotFound()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();

        Assert.That(() => Checkpoint.Load(folder.File("none")), Throws.TypeOf<FileNotFoundException>());
    }

    [Test]
    public void Load_FileThatIsNoCheckpoint_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("weights.safetensors");
        StateFile.Write(path, new Dictionary<string, HostArray> { ["a"] = new([1], [1]) });

        Assert.That(() => Checkpoint.Load(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("no checkpoint"));
    }

    [Test]
    public void Save_OverACutOffFile_KeepsTheGoodOneBefore()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = SaveTwice(folder);
        Damage(path, bytes => bytes[..^3]);

        new Checkpoint { Step = 3 }.Save(path);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Checkpoint.Load(path).Step, Is.EqualTo(3));
            Assert.That(Checkpoint.Load(path + ".previous").Step, Is.EqualTo(1));
        }
    }

    [Test]
    public void StateFile_Read_GivesBackWhatWasWritten()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("weights.safetensors");

        StateFile.Write(path, new Dictionary<string, HostArray> { ["conv.weight"] = new([1, 2, 3, 4, 5, 6], [1, 2, 3]), ["empty"] = new([], [0, 4]) });
        IReadOnlyDictionary<string, HostArray> read = StateFile.Read(path);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(read["conv.weight"].Shape, Is.EqualTo(new Shape(1, 2, 3)));
            Assert.That(read["conv.weight"].Values, Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
            Assert.That(read["empty"].Shape, Is.EqualTo(new Shape(0, 4)));
        }
    }

    private static string SaveTwice(TestData.TemporaryFolder folder)
    {
        string path = folder.File("run.safetensors");
        for (int step = 1; step <= 2; step++)
        {
            new Checkpoint { Step = step, Weights = new Dictionary<string, HostArray> { ["w"] = new([step, step], [2]) } }.Save(path);
        }
        return path;
    }

    private static void Damage(string path, Func<byte[], byte[]> change) => File.WriteAllBytes(path, change(File.ReadAllBytes(path)));
}
