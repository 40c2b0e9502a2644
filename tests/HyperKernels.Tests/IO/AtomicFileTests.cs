using HyperKernels.IO;
using NUnit.Framework;

namespace HyperKernels.Tests.IO;

[TestFixture]
internal sealed class AtomicFileTests
{
    [Test]
    public void Write_ReplacesTheFile_AndLeavesNothingElse()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("a.bin", [1]);
        AtomicFile.Write(path, stream => stream.Write([2, 3]));
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 2, 3 }));
        Assert.That(Directory.GetFiles(folder.Root), Is.EqualTo(new[] { path }));
    }

    [Test]
    public void Write_KeepPrevious_KeepsTheOneBefore()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("a.bin");
        for (byte version = 1; version <= 3; version++)
        {
            AtomicFile.Write(path, stream => stream.WriteByte(version), keepPrevious: true);
        }
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 3 }));
        Assert.That(File.ReadAllBytes(path + AtomicFile.PreviousSuffix), Is.EqualTo(new byte[] { 2 }));
        Assert.That(Directory.GetFiles(folder.Root), Has.Length.EqualTo(2));
    }

    [Test]
    public void Write_WriterThrows_LeavesTheOldFileAndNoTemporary()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("a.bin", [1]);
        Assert.That(
            () => AtomicFile.Write(path, stream =>
            {
                stream.WriteByte(9);
                throw new InvalidOperationException("stop");
            }),
            Throws.InvalidOperationException);
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 1 }));
        Assert.That(Directory.GetFiles(folder.Root), Has.Length.EqualTo(1));
    }

    [Test]
    public void Write_RemovesWhatKilledWritersLeft_AndNothingElse()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("a.bin");
        string abandoned = folder.File(".a.bin.0123.tmp", [1]);
        string fresh = folder.File(".a.bin.4567.tmp", [1]);
        string held = folder.File(".a.bin.89ab.tmp", [1]);
        string another = folder.File(".b.bin.0123.tmp", [1]);
        DateTime longAgo = DateTime.UtcNow.AddMinutes(-2);
        File.SetLastWriteTimeUtc(abandoned, longAgo);
        File.SetLastWriteTimeUtc(another, longAgo);
        using (FileStream writer = new(held, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            File.SetLastWriteTimeUtc(writer.SafeFileHandle, longAgo);
            AtomicFile.Write(path, stream => stream.WriteByte(2));
        }
        Assert.That(Directory.GetFiles(folder.Root), Is.EquivalentTo(new[] { path, fresh, held, another }));
    }

    [Test]
    public void Write_FolderIsMissing_Throws()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Assert.That(() => AtomicFile.Write(Path.Combine(folder.Root, "no", "a.bin"), stream => stream.WriteByte(1)),
            Throws.InstanceOf<IOException>());
    }

    [Test]
    public void Write_OverAnOpenSafetensorsFile_LeavesItsReaderUntouched()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("a.safetensors");
        Safetensors.Write(path, [SafetensorsTensor.From("w", new float[] { 1, 2 }, 2)]);
        using SafetensorsFile old = SafetensorsFile.Open(path);
        Safetensors.Write(path, [SafetensorsTensor.From("w", new float[] { 3 }, 1)]);
        using SafetensorsFile renewed = SafetensorsFile.Open(path);
        Assert.That(old.ReadFloat32("w"), Is.EqualTo(new float[] { 1, 2 }));
        Assert.That(renewed.ReadFloat32("w"), Is.EqualTo(new float[] { 3 }));
    }
}
