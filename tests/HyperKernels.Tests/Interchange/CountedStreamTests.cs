using HyperKernels.Interchange;

namespace HyperKernels.Tests.Interchange;

public sealed class CountedStreamTests
{
    [Test]
    public void Read_InCircles_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using FileStream file = File.OpenRead(folder.File("a", new byte[10_000]));
        using CountedStream stream = new(file);
        byte[] buffer = new byte[10_000];
        for (int round = 0; round < 64; round++)
        {
            stream.Position = 0;
            stream.ReadExactly(buffer);
        }
        Assert.That(
            () =>
            {
                for (int round = 0; round < 2; round++)
                {
                    stream.Position = 0;
                    stream.ReadExactly(buffer);
                }
            },
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("round in circles"));
    }

    [Test]
    public void Read_AtTheEndWithoutEnd_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using FileStream file = File.OpenRead(folder.File("a", [1, 2, 3]));
        using CountedStream stream = new(file);
        Assert.That(
            () =>
            {
                while (true)
                {
                    stream.ReadByte();
                }
            },
            Throws.TypeOf<InvalidDataException>());
    }
}
