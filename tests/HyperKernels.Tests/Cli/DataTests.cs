using System.Diagnostics;
using HyperKernels.Cli.Data;
using HyperKernels.IO;

namespace HyperKernels.Tests.Cli;

public sealed class DataTests
{
    [Test]
    public void DrawnDigits_DoNotDependOnThreadsOrCount()
    {
        ImageSet one = DrawnDigits.Make(200, seed: 5, threads: 1);
        ImageSet two = DrawnDigits.Make(300, seed: 5, threads: 2);
        Assert.That(two.Take(200).Pixels, Is.EqualTo(one.Pixels));
        Assert.That(two.Take(200).Labels, Is.EqualTo(one.Labels));
        Assert.That(DrawnDigits.Make(200, seed: 6, threads: 1).Pixels, Is.Not.EqualTo(one.Pixels));
    }

    [Test]
    public void SmallDigits_AreMeansOfSquares()
    {
        byte[] pixels = new byte[28 * 28];
        // Two of the sixteen places that make pixel (1, 1); the frame adds two rows and columns.
        pixels[(2 * 28) + 2] = 160;
        pixels[(5 * 28) + 5] = 80;
        pixels[^1] = 255;
        ImageSet small = SmallDigits.Shrink(new ImageSet("one", pixels, [7], 28, 28));
        Assert.That(small.Pixels[9], Is.EqualTo(15));
        Assert.That(small.Pixels[63], Is.EqualTo(15));
        Assert.That(small.Pixels.Count(pixel => pixel > 0), Is.EqualTo(2));
    }

    [Test]
    public void GreyImage_Reduced_IsTheMeanOfSquaresOfItsMiddle()
    {
        GreyImage image = new("ramp", [.. Enumerable.Range(0, 35).Select(static i => (float)i)], 5, 7);
        GreyImage small = image.Middle(2, 4).Reduced(2);
        // From column 1 of the first row on.
        Assert.That(small.Pixels, Is.EqualTo(new float[] { 5, 7, 19, 21 }).Within(1e-5f));
    }

    [Test]
    public void DrawnDigits_HaveInkInTheMiddleAndEveryDigit()
    {
        ImageSet digits = DrawnDigits.Make(2000, seed: 1, threads: 2);
        int size = digits.Height * digits.Width;
        for (int digit = 0; digit < ImageSet.Classes; digit++)
        {
            int[] images = [.. Enumerable.Range(0, digits.Count).Where(i => digits.Labels[i] == digit)];
            Assert.That(images, Has.Length.InRange(140, 260), $"images of {digit}");
            double ink = images.Average(i => digits.Pixels.AsSpan(i * size, size).ToArray().Average(p => p / 255.0));
            // MNIST's mean is 0.13; a one has half of that.
            Assert.That(ink, Is.InRange(0.05, 0.25), $"ink of {digit}");
        }
        double corner = Enumerable.Range(0, digits.Count).Average(i => digits.Pixels[i * size] / 255.0);
        Assert.That(corner, Is.LessThan(0.05));
    }

    [Test]
    public void Turn_ByQuarterTurns_MovesPixelsExactly()
    {
        float[] image = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        float[] turned = new float[9];
        ImageRotation.Turn(image, [0], 3, 3, turned);
        Assert.That(turned, Is.EqualTo(image));
        ImageRotation.Turn(image, [90], 3, 3, turned);
        Assert.That(turned, Is.EqualTo(new float[] { 3, 6, 9, 2, 5, 8, 1, 4, 7 }).Within(1e-5f), "counter-clockwise");
        ImageRotation.Turn(image, [180], 3, 3, turned);
        Assert.That(turned, Is.EqualTo(new float[] { 9, 8, 7, 6, 5, 4, 3, 2, 1 }).Within(1e-5f));
    }

    [Test]
    public void Turn_GivesEachImageItsOwnAngle_AndBlackFromOutside()
    {
        float[] images = [1, 1, 1, 1, 1, 1, 1, 1];
        float[] turned = new float[8];
        ImageRotation.Turn(images, [0, 45], 2, 2, turned);
        Assert.That(turned[..4], Is.EqualTo(new float[] { 1, 1, 1, 1 }));
        // The corners of the second come from 0.71 instead of 0.5 off the middle: a fifth of them lies outside.
        Assert.That(turned[4..], Is.All.InRange(0.7f, 0.9f));
    }

    [Test]
    public void StretchedBatch_InsertsMeansOfNeighbours_AndCutsBack()
    {
        const int Side = 6;
        byte[] pixels = [.. Enumerable.Range(0, 2 * Side * Side).Select(i => (byte)(i * 37 % 256))];
        ImageSet source = new("two", pixels, [3, 5], Side, Side);
        StretchedBatch batch = new(2, Side, Side);
        batch.Fill(source, [1, 0], own: .., seed: 4, step: 9);
        using MemoryScope scope = new();
        Assert.That(batch.Labels(Device.Cpu).ToIntArray(), Is.EqualTo(new[] { 5, 3 }));
        float[] actual = batch.Images(Device.Cpu).ToArray();

        SplitMix random = new(4, 9);
        for (int image = 0; image < 2; image++)
        {
            List<double[]> rows = [.. Enumerable.Range(0, Side).Select(y =>
                Enumerable.Range(0, Side).Select(x => pixels[((((1 - image) * Side) + y) * Side) + x] / 255.0).ToArray())];
            rows = Stretched(rows, ref random);
            List<double[]> columns = [.. Enumerable.Range(0, Side).Select(x => rows.Select(row => row[x]).ToArray())];
            columns = Stretched(columns, ref random);
            double[] expected = [.. Enumerable.Range(0, Side * Side).Select(i => columns[i % Side][i / Side])];
            Assert.That(actual.AsSpan(image * Side * Side, Side * Side).ToArray(), Is.EqualTo(expected).Within(1e-6));
        }

        static List<double[]> Stretched(List<double[]> lines, ref SplitMix random)
        {
            for (int i = 0; i < 2; i++)
            {
                int at = 1 + random.Below(lines.Count - 2);
                lines.Insert(at, [.. lines[at - 1].Zip(lines[at], static (a, b) => (a + b) / 2)]);
            }
            return lines.GetRange(random.Below(3), lines.Count - 2);
        }
    }

    [Test]
    public void TextLanes_GoOnWhereTheyStopped_AndBeginAnew()
    {
        int[] text = [.. Enumerable.Range(0, 23)];
        TextLanes lanes = new(text, lanes: 2, steps: 3);
        Assert.That(lanes.Windows, Is.EqualTo(3), "lanes of 11, of which the last character follows another only");
        Assert.That(lanes.Window(0).Inputs, Is.EqualTo(new[] { 0, 11, 1, 12, 2, 13 }));
        Assert.That(lanes.Window(1).Inputs, Is.EqualTo(new[] { 3, 14, 4, 15, 5, 16 }));
        Assert.That(lanes.Window(2).Targets, Is.EqualTo(new[] { 7, 18, 8, 19, 9, 20 }));
        Assert.That(lanes.Window(3).Inputs, Is.EqualTo(new[] { 0, 11, 1, 12, 2, 13 }));
        Assert.That(
            () => new TextLanes(text, 8, 3),
            Throws.ArgumentException.With.Message.EqualTo("TextLanes: 8 lanes with windows of 3 symbols need a text of at least 32; got 23."));
    }

    [Test]
    public void BatchOrder_ShowsEveryExampleOnceAnEpoch_AndTheSameFromAnyStart()
    {
        BatchOrder order = new(103, 10, seed: 3);
        Assert.That(order.StepsPerEpoch, Is.EqualTo(11));
        for (int epoch = 0; epoch < 2; epoch++)
        {
            List<int> seen = [];
            for (int step = 0; step < 11; step++)
            {
                seen.AddRange(order.Rows((epoch * 11) + step).ToArray());
            }
            Assert.That(seen, Is.EquivalentTo(Enumerable.Range(0, 103)));
            Assert.That(seen, Is.Not.Ordered);
        }
        Assert.That(new BatchOrder(103, 10, seed: 3).Rows(15).ToArray(), Is.EqualTo(order.Rows(15).ToArray()), "a resumed run");
        Assert.That(order.Rows(4).ToArray(), Is.Not.EqualTo(order.Rows(15).ToArray()), "another epoch");
    }

    [Test]
    public void Load_OfRealMnist_GivesItsImages()
    {
        (ImageSet training, ImageSet test) = MnistData.Load(Path.Combine(TestData.Folder("mnist"), ".."), "mnist");
        Assert.That((training.Count, test.Count, training.Height, training.Width), Is.EqualTo((60_000, 10_000, 28, 28)));
        Assert.That(training.Labels[..8], Is.EqualTo(new byte[] { 5, 0, 4, 1, 9, 2, 1, 3 }));
    }

    [Test]
    public void Load_OfMissingFolder_SaysWhatItLookedFor()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Assert.That(() => MnistData.Load(folder.Root, "mnist"), Throws.InstanceOf<DirectoryNotFoundException>().With.Message.Contains("train-images-idx3-ubyte.gz"));
        Directory.CreateDirectory(folder.File("mnist"));
        Assert.That(() => MnistData.Load(folder.Root, "mnist"), Throws.InstanceOf<FileNotFoundException>().With.Message.Contains("train-images-idx3-ubyte"));
    }
}
