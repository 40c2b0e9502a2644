using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ModulatedConvTests
{
    private const int Batch = 4;
    private const int Inputs = 3;
    private const int Outputs = 5;
    private const int StyleNumbers = 6;

    public static IEnumerable<DomainPatch> Patches => Enum.GetValues<DomainPatch>();

    [Test]
    public void Forward_EqualsKernelsWrittenOutInLoops([Values] bool demodulate, [Values(0, 1, 3)] int taps, [Values(1, 2, Batch)] int sets)
    {
        using MemoryScope scope = new();
        using ModulatedConv layer = new(Inputs, Outputs, 3, StyleNumbers, demodulate, random: new RandomStream(1));
        RandomStream random = new(2);
        (Tensor x, Tensor style) = (Ops.RandomNormal([Batch, Inputs, 5, 6], random), Ops.RandomNormal([sets, StyleNumbers], random));
        Tensor? delta = taps == 0 ? null : Ops.RandomNormal([sets, Outputs, Inputs, taps, taps], random);
        Tensor kernels = Tensor.From(
            WrittenOut(layer, style.ToArray(), delta?.ToArray() ?? new float[sets * Outputs * Inputs], Math.Max(1, taps)), [sets, Outputs, Inputs, 3, 3]);
        Assert.That(
            layer.Forward(x, style, delta).ToArray(), Is.EqualTo(Ops.Conv2d(x, kernels, null, new Conv2dOptions(padding: 1)).ToArray()).Within(1e-5));
    }

    [Test]
    public void Forward_Upsampled_SpreadsPixelsAndBlurs([Values(1, 3, 5)] int size)
    {
        using MemoryScope scope = new();
        using ModulatedConv layer = new(Inputs, Outputs, size, StyleNumbers, upsample: true, random: new RandomStream(1));
        RandomStream random = new(2);
        (Tensor x, Tensor style) = (Ops.RandomNormal([2, Inputs, 3, 4], random), Ops.RandomNormal([2, StyleNumbers], random));
        float[] actual = layer.Forward(x, style).ToArray();
        (float[] pixels, float[] kernels) = (x.ToArray(), layer.Kernels(style).Materialize().ToArray());
        (int height, int width) = ((2 * 2) + size, (2 * 3) + size);
        double[] taps = [0.25, 0.75, 0.75, 0.25];
        int before = (5 - size) / 2;
        for (int at = 0; at < actual.Length; at++)
        {
            (int b, int o, int row, int column) = (at / (Outputs * 48), at / 48 % Outputs, at / 8 % 6, at % 8);
            double sum = 0;
            for (int i = 0; i < Inputs * 12 * size * size; i++)
            {
                // An input pixel spreads over the places that a tap of the kernel reaches, then every place over those of the blur.
                (int channel, int pixel, int tap) = (i / (12 * size * size), i / (size * size) % 12, i % (size * size));
                (int r, int c) = ((2 * (pixel / 4)) + (tap / size), (2 * (pixel % 4)) + (tap % size));
                (int down, int right) = (r + before - row, c + before - column);
                if (down is >= 0 and < 4 && right is >= 0 and < 4 && r < height && c < width)
                {
                    sum += taps[down] * taps[right] * pixels[(b * Inputs * 12) + (channel * 12) + pixel]
                        * kernels[(((b * Outputs) + o) * Inputs * size * size) + (channel * size * size) + tap];
                }
            }
            Assert.That(actual[at], Is.EqualTo(sum).Within(1e-4), $"pixel {row}, {column}");
        }
    }

    [TestCaseSource(nameof(Patches))]
    public void DomainConv_EqualsKernelsChangedAfterDemodulation(DomainPatch patch)
    {
        using MemoryScope scope = new();
        using DomainConv layer = new(new ModulatedConv(Inputs, Outputs, 3, StyleNumbers, random: new RandomStream(1)), 2, patch, random: new RandomStream(1));
        RandomStream random = new(2);
        Tensor x = Ops.RandomNormal([Batch, Inputs, 5, 6], random);
        float[] plain = layer.Inner.Forward(x, Tensor.Ones([1, StyleNumbers])).ToArray();
        Assert.That(
            layer.Forward(x, Tensor.Ones([1, StyleNumbers]), Tensor.Ones([1, 2])).ToArray(), Is.EqualTo(plain).Within(0.1 * plain.Max(Math.Abs)), "a fresh layer");
        foreach (Parameter parameter in layer.Parameters.Except(layer.Inner.Parameters))
        {
            Initializer.Normal().Apply(parameter, random);
        }
        foreach ((int styles, int domains) in ((int, int)[])[(Batch, Batch), (Batch, 1), (1, Batch), (2, 2), (1, 1)])
        {
            (Tensor style, Tensor domain) = (Ops.RandomNormal([styles, StyleNumbers], random), Ops.RandomNormal([domains, 2], random));
            int sets = Math.Max(styles, domains);
            float[] own = layer.Inner.Kernels(style).Materialize().ToArray();
            float[] kernels = new float[sets * Outputs * Inputs * 9];
            float[] Of(Linear? head) => head?.Forward(domain).ToArray() ?? [];
            (float[] i, float[] o, float[] f) = (Of(layer.Inputs), Of(layer.Outputs), Of(layer.Pairs));
            (float[] t, float[] g, float[] s) = (Of(layer.Taps), Of(layer.Gains), Of(layer.Shifts));
            for (int at = 0; at < kernels.Length; at++)
            {
                (int set, int output, int input, int tap) = (at / (Outputs * Inputs * 9), at / (Inputs * 9) % Outputs, at / 9 % Inputs, at % 9);
                double w = own[at % own.Length];
                int row = domains == 1 ? 0 : set;
                double In() => i[(row * Inputs) + input];
                double Out() => o[(row * Outputs) + output];
                double Pair() => f[(((row * Outputs) + output) * Inputs) + input];
                double Tap() => t[(row * 9) + tap];
                double Gain() => g[(row * Outputs) + output];
                kernels[at] = (float)(patch switch
                {
                    DomainPatch.SeparateMultiply => w * (1 + In() + Out()),
                    DomainPatch.SeparateAdd => w + In() + Out(),
                    DomainPatch.InputMultiply => w * (1 + In()),
                    DomainPatch.OutputMultiply => w * (1 + Out()),
                    DomainPatch.FullMultiply => w * (1 + Pair()),
                    DomainPatch.FullAdd => w + Pair(),
                    DomainPatch.OutputAffine => (Gain() * w) + s[(row * Outputs) + output],
                    DomainPatch.OutputGain => Gain() * w,
                    DomainPatch.InputTapMultiply => w * (1 + In() + Tap()),
                    _ => w * (1 + Out() + Tap()),
                });
            }
            float[] expected = Ops.Conv2d(x, Tensor.From(kernels, [sets, Outputs, Inputs, 3, 3]), null, new Conv2dOptions(padding: 1)).ToArray();
            Assert.That(layer.Forward(x, style, domain).ToArray(), Is.EqualTo(expected).Within(1e-5 * expected.Max(Math.Abs)), $"{styles} styles, {domains} domains");
        }
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([ValueSource(nameof(Patches))] DomainPatch patch)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        bool bias = patch < DomainPatch.FullAdd;
        using DomainConv layer = new(
            new ModulatedConv(Inputs, Outputs, 1, StyleNumbers, demodulate: bias, upsample: !bias, random: new RandomStream(1)), 2, patch, bias, new RandomStream(1));
        layer.Save(folder.File("domain.safetensors"));
        using DomainConv again = Layer.Load<DomainConv>(folder.File("domain.safetensors"));
        (Tensor x, Tensor style, Tensor domain) = (Ops.RandomNormal([2, Inputs, 3, 3], new RandomStream(2)), Tensor.Ones([2, StyleNumbers]), Tensor.Ones([2, 2]));
        Assert.That(again.Forward(x, style, domain).ToArray(), Is.EqualTo(layer.Forward(x, style, domain).ToArray()));
    }

    [Test]
    public void WhatDoesNotFit_IsRefused() => Assert.Multiple(() =>
    {
        Assert.That(
            () => new ModulatedConv(3, 5, 2, 6),
            Throws.ArgumentException.With.Message.EqualTo(
                "ModulatedConv: inChannels, outChannels and styleFeatures must be at least 1 and kernelSize odd; got 3, 5, 6 and 2."));
        Assert.That(
            () => new ModulatedConv(3, 5, 7, 6, upsample: true),
            Throws.ArgumentException.With.Message.StartsWith("ModulatedConv: kernels that upsample can be 5 wide at most; got 7."));
    });

    private static float[] WrittenOut(ModulatedConv layer, float[] style, float[] delta, int taps)
    {
        (float[] own, float[] matrix, float[] bias) = (layer.Weight.OwnValue.ToArray(), layer.Modulation.Weight.OwnValue.ToArray(), layer.Modulation.Bias.OwnValue.ToArray());
        int sets = style.Length / StyleNumbers;
        List<float> all = [];
        for (int set = 0; set < sets; set++)
        {
            for (int o = 0; o < Outputs; o++)
            {
                double[] w = new double[Inputs * 9];
                for (int at = 0; at < w.Length; at++)
                {
                    (int i, int tap) = (at / 9, at % 9);
                    double scale = bias[i] + Enumerable.Range(0, StyleNumbers).Sum(n => matrix[(i * StyleNumbers) + n] / Math.Sqrt(StyleNumbers) * style[(set * StyleNumbers) + n]);
                    double offset = delta[(((((set * Outputs) + o) * Inputs) + i) * taps * taps) + (taps == 1 ? 0 : tap)];
                    w[at] = own[(o * Inputs * 9) + at] * (1 + offset) * scale / Math.Sqrt(Inputs * 9);
                }
                double length = layer.Demodulates ? Math.Sqrt(w.Sum(value => value * value) + 1e-8) : 1;
                all.AddRange(w.Select(value => (float)(value / length)));
            }
        }
        return [.. all];
    }
}
