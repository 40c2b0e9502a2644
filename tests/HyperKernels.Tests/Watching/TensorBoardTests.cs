using System.Text;
using HyperKernels.Interchange;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Watching;

/// <summary>Event files are what TensorBoard reads: framing, checksums, and the fields of its schemas, read back by <see cref="EventFile"/>.</summary>
public sealed class TensorBoardTests
{
    [TestCase("123456789", 0xE3069283u)]
    [TestCase("", 0u)]
    public void Reader_KnowsThePublishedChecksums(string text, uint crc) =>
        // RFC 3720, B.4, and the catalogue of CRC algorithms: the value before masking.
        Assert.That(EventFile.Checksum(Encoding.ASCII.GetBytes(text)), Is.EqualTo(((crc >> 15) | (crc << 17)) + 0xa282ead8u));

    [Test]
    public void Records_OfAnyLength_HaveTheirChecksums()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using TensorBoardWriter writer = new(folder.Root);
        string[] texts = [.. Enumerable.Range(0, 70).Select(static length => new string('x', length))];
        foreach (string text in texts)
        {
            writer.AddText("text", text, text.Length);
        }
        writer.Flush();
        Assert.That(EventFile.Read(writer.Path).Skip(1).Select(static message => message.Inner(5).Inner(1).Inner(8).Text(8)), Is.EqualTo(texts));
    }

    [Test]
    public void File_IsNamedAndBeginsAsTensorBoardWants()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using TensorBoardWriter writer = new(Path.Combine(folder.Root, "a", "b"));
        Assert.That(Path.GetFileName(writer.Path), Does.Match(@"^events\.out\.tfevents\.\d{10}\."));
        EventFile.Message first = EventFile.Read(writer.Path).Single();
        Assert.That(first.Text(3), Is.EqualTo("brain.Event:2"));
        Assert.That(first.Get<double>(1), Is.EqualTo((DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds).Within(60));
    }

    [TestCase(0.25)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void Scalar_ComesBack(double value)
    {
        EventFile.Message written = Only(writer => writer.AddScalar("mip/loss", value, 1234567890123));
        Assert.That(written.Get<long>(2), Is.EqualTo(1234567890123));
        EventFile.Message summary = written.Inner(5).Inner(1);
        Assert.That((summary.Text(1), summary.Get<float>(2)), Is.EqualTo(("mip/loss", (float)value)));
    }

    [Test]
    public void Histogram_CountsEveryFiniteValueOnce()
    {
        float[] values = [-3, -0.5f, 0, 0, 1e-13f, 0.5f, 0.51f, 2e6f, float.NaN, float.PositiveInfinity];
        EventFile.Message histogram = Only(writer => writer.AddHistogram("weights", values, 7)).Inner(5).Inner(1).Inner(5);
        double[] finite = [.. values.Where(float.IsFinite).Select(static value => (double)value)];
        double[] limits = histogram.Doubles(6);
        double[] counts = histogram.Doubles(7);
        Assert.Multiple(() =>
        {
            Assert.That(histogram.Get<double>(1), Is.EqualTo(-3));
            Assert.That(histogram.Get<double>(2), Is.EqualTo(2e6));
            Assert.That(histogram.Get<double>(3), Is.EqualTo(finite.Length));
            Assert.That(histogram.Get<double>(4), Is.EqualTo(finite.Sum()).Within(1e-9).Percent);
            Assert.That(histogram.Get<double>(5), Is.EqualTo(finite.Sum(static value => value * value)).Within(1e-9).Percent);
            Assert.That(limits, Has.Length.EqualTo(counts.Length).And.Ordered);
            Assert.That(counts.Sum(), Is.EqualTo(finite.Length));
        });
        for (int i = 0; i < counts.Length; i++)
        {
            double lower = i == 0 ? double.NegativeInfinity : limits[i - 1];
            Assert.That(finite.Count(value => value >= lower && value < limits[i]), Is.EqualTo(counts[i]), $"from {lower} to {limits[i]}");
        }
    }

    [Test]
    public void Histogram_OfNothing_IsEmpty()
    {
        EventFile.Message histogram = Only(writer => writer.AddHistogram("weights", [float.NaN], 7)).Inner(5).Inner(1).Inner(5);
        Assert.That((histogram.Get<double>(3), histogram.Get<byte[]>(6).Length), Is.EqualTo((0.0, 0)));
    }

    [Test]
    public void Image_IsAPngOfItsSize()
    {
        using MemoryScope scope = Device.Cpu.Scope();
        Tensor red = Tensor.From([1f, 0f, 2f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, float.NaN, 0f, 0f, 0f, 0f, 0f, 0.5f], [3, 2, 3], Device.Cpu);
        EventFile.Message image = Only(writer => writer.AddImage("picture", red, 7)).Inner(5).Inner(1).Inner(4);
        byte[] png = image.Get<byte[]>(4);
        Assert.Multiple(() =>
        {
            Assert.That((image.Get<long>(1), image.Get<long>(2), image.Get<long>(3)), Is.EqualTo((2L, 3L, 3L)));
            Assert.That(png[..8], Is.EqualTo(new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10 }));
            Assert.That(png, Is.EqualTo(PngFile.Colour([255, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128], 2, 3)));
        });
        Assert.That(() => Only(writer => writer.AddImage("picture", Ops.RandomUniform([2, 2, 2], new RandomStream(1), device: Device.Cpu), 7)),
            Throws.ArgumentException.With.Message.Contains("got [2, 2, 2]"));
    }

    [Test]
    public void Text_IsATensorOfOneStringForTheTextPlugin()
    {
        EventFile.Message value = Only(writer => writer.AddText("settings", "Größe **1**", 0)).Inner(5).Inner(1);
        Assert.Multiple(() =>
        {
            Assert.That(value.Inner(8).Get<long>(1), Is.EqualTo(7), "DT_STRING");
            Assert.That(value.Inner(8).Inner(2).Inner(2).Get<long>(1), Is.EqualTo(1));
            Assert.That(value.Inner(8).Text(8), Is.EqualTo("Größe **1**"));
            Assert.That(value.Inner(9).Inner(1).Text(1), Is.EqualTo("text"));
        });
    }

    [Test]
    public void Resumed_SaysFromWhichStepOn()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using TensorBoardWriter writer = new(folder.Root, resumedAt: 40);
        EventFile.Message start = EventFile.Read(writer.Path)[1];
        Assert.That((start.Get<long>(2), start.Inner(7).Get<long>(1)), Is.EqualTo((41L, 1L)));
    }

    [Test]
    public void Writer_ThatIsDisposed_RefusesMore()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        TensorBoardWriter writer = new(folder.Root);
        writer.Dispose();
        writer.Dispose();
        Assert.That(() => writer.AddScalar("loss", 1, 1), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Train_WritesScalarsHistogramsAndText()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string board = Path.Combine(folder.Root, "board");
        CliResult result = CliProcess.Run("train", "mip", "--steps", "20", "--tensorboard", board, "--out", Path.Combine(folder.Root, "out"));
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Dictionary<string, EventFile.Message[]> runs = Directory.EnumerateFiles(board, "events.*", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(board, Path.GetDirectoryName(file)!),
            static file => EventFile.Read(file).Where(static message => message.Has(5)).Select(static message => message.Inner(5).Inner(1)).ToArray());
        Assert.That(runs.Keys, Does.Contain("mip").And.Contain(Path.Combine("mip", "mip")));
        EventFile.Message[] mip = runs[Path.Combine("mip", "mip")];
        Assert.Multiple(() =>
        {
            Assert.That(mip.Count(static value => value.Has(2) && value.Text(1) == "loss"), Is.EqualTo(2), "logged at steps 10 and 20");
            Assert.That(mip.Count(static value => value.Has(5)), Is.GreaterThan(3), "histograms of weights");
            Assert.That(runs["mip"].Where(static value => value.Has(8)).Select(static value => value.Text(1)), Is.EqualTo(["settings", "figures"]));
        });
    }

    private static EventFile.Message Only(Action<TensorBoardWriter> write)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using TensorBoardWriter writer = new(folder.Root);
        write(writer);
        writer.Flush();
        return EventFile.Read(writer.Path)[^1];
    }
}
