using HyperKernels.Backends.Gpu;
using HyperKernels.Backends.OpenCL;

namespace HyperKernels.Tests.Gpu;

public sealed class KernelCacheTests
{
    private static readonly byte[] s_content = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    [Test]
    public void Read_AfterWrite_GivesTheSameBytes()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        KernelCache cache = new(folder.File("kernels"));
        Assert.That(cache.Read("key"), Is.Null);
        cache.Write("key", s_content);
        Assert.That(cache.Read("key"), Is.EqualTo(s_content));
        Assert.That((cache.Hits, cache.Misses), Is.EqualTo((1, 1)));
    }

    [TestCase(0)]
    [TestCase(10)]
    [TestCase(32)]
    [TestCase(500)]
    public void Read_OfAFileCutShort_GivesNothing(int length)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        KernelCache cache = new(folder.Root);
        cache.Write("key", s_content);
        string file = Directory.GetFiles(folder.Root).Single();
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..length]);
        Assert.That(cache.Read("key"), Is.Null);
    }

    [Test]
    public void Read_OfAFileWithAnotherByte_GivesNothing()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        KernelCache cache = new(folder.Root);
        cache.Write("key", s_content);
        string file = Directory.GetFiles(folder.Root).Single();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.That(cache.Read("key"), Is.Null);
    }

    [Test]
    public void Write_WhereTheFolderCannotBe_IsSilent()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        KernelCache cache = new(Path.Combine(folder.File("file", s_content), "below"));
        Assert.That(() => cache.Write("key", s_content), Throws.Nothing);
        Assert.That(cache.Read("key"), Is.Null);
    }

    [Test]
    [Platform(Exclude = "Win")]
    public void Write_MakesAFolderForTheUserAlone()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string kernels = folder.File("kernels");
        new KernelCache(kernels).Write("key", s_content);
        Assert.That(new DirectoryInfo(kernels).UnixFileMode, Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    [Test]
    public void Key_TellsPartsFromTheirJoin() => Assert.That(KernelCache.Key("ab", "c"), Is.Not.EqualTo(KernelCache.Key("a", "bc")));

    [Test]
    public void Build_OfAWarmStart_CompilesNothing()
    {
        _ = Gpus.OpenCL;
        using TestData.TemporaryFolder folder = TestData.Temporary();
        foreach ((int hits, int misses) in new[] { (0, 1), (1, 0) })
        {
            KernelCache cache = new(folder.Root);
            using Device device = new(new GpuBackend(new OpenCLDevice(OpenCLChoice.Find(out _)!, cache)));
            using MemoryScope scope = device.Scope();
            Assert.That(Ops.Add(Tensor.From([1f], [1], device), Tensor.From([2f], [1], device)).ToArray(), Is.EqualTo(new[] { 3f }));
            Assert.That((cache.Hits, cache.Misses), Is.EqualTo((hits, misses)));
        }
    }
}
