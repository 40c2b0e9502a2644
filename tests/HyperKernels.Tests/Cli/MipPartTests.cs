using HyperKernels.Cli.Data;
using HyperKernels.Cli.Recipes;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Cli;

/// <summary>What the recipes about magnitude invariant parametrizations are made of.</summary>
public sealed class MipPartTests
{
    private static Trial Trial(string form, float rate, int seed) =>
        new(form, new TrialRate(TrialRate.Sgd, rate), seed, HyperNetwork.For(new Linear(1, 1), Condition.Unit("t"), hidden: [2], options: new() { Random = new RandomStream(1) }));

    [Test]
    public void Sweep_NotesWhenARunFirstReachesTheThreshold_AndStopsTheLost_AlsoAfterAResume()
    {
        using Sweep sweep = new([Trial("a", 0.1f, 0), Trial("a", 0.1f, 1), Trial("a", 0.1f, 2), Trial("b", 0.1f, 0)], "share", "P0", 0.8, largerIsBetter: true);
        Tensor Loss(Trial trial) => Ops.Sum(trial.Network.Generate(Tensor.From([0.5f]))) * (trial.Form == "b" ? float.NaN : 1);
        float[] before = sweep.Trials[3].Network.Generate(Tensor.From([0.5f])).ToArray();
        sweep.Step(Loss);
        Assert.That(sweep.Trials.Select(trial => trial.IsLost), Is.EqualTo(new[] { false, false, false, true }));
        Assert.That(sweep.Trials[3].Network.Generate(Tensor.From([0.5f])).ToArray(), Is.EqualTo(before), "a run is not stepped by what is no number");
        double[][] shares = [[0.5, 0.9, 0.7], [0.85, 0.4, 0.7], [0.95, 0.9, 0.6]];
        Metric[] means = [];
        for (int i = 0; i < shares.Length; i++)
        {
            means = sweep.Evaluate(10 * (i + 1), trial => shares[i][trial.Seed]);
        }
        Assert.That(means.Select(mean => mean.Name), Is.EqualTo(new[] { "a 0.1/share, SGD", "b 0.1/share, SGD" }));
        Assert.That(means[0].Value, Is.EqualTo((0.95 + 0.9 + 0.6) / 3).Within(1e-9));
        Assert.That(means[1].Value, Is.NaN);
        using Sweep resumed = new([Trial("a", 0.1f, 0), Trial("a", 0.1f, 1), Trial("a", 0.1f, 2), Trial("b", 0.1f, 0)], "share", "P0", 0.8, largerIsBetter: true);
        resumed.Load(sweep.Save(30));
        foreach (Sweep each in (Sweep[])[sweep, resumed])
        {
            Assert.That(each.Trials.Select(trial => trial.Reached), Is.EqualTo(new[] { 20, 10, double.NaN, double.NaN }));
            Assert.That(each.Trials[3].IsLost);
            FigureTable table = FigureTable.Of([.. each.Figures()]);
            Assert.That(table.Rows[0].Take(3), Is.EqualTo(new[] { "a, SGD 0.1", "10", "1" }));
            // Rows of other sizes have a column of their own: of 3, of 1.
            Assert.That((table.Rows[1][1], table.Rows[1][^1]), Is.EqualTo(("never", "1")));
        }
        Assert.That(sweep.Best("a").Seed, Is.Zero);
        Assert.That(sweep.Verdicts().Single().Value, Is.EqualTo("a at 0.1: 10 steps, 1 of 3 never; b at 0.1: never, 1 of 1 never"));
    }

    [Test]
    public void GaussianLinear_HasTheNoiseOfItsWeights_AndTheDivergenceOfGaussians()
    {
        using MemoryScope scope = new();
        GaussianLinear layer = new(3, 2, new RandomStream(1));
        layer.Find("*_spread").ToList().ForEach(found => Initializer.Normal(0, 0.5f).Apply(found.Parameter, new RandomStream(2)));
        float[] Of(string name) => layer.Find(name).Single().Parameter.OwnValue.ToArray();
        (float[] means, float[] spreads) = ([.. Of("weight"), .. Of("bias")], [.. Of("weight_spread"), .. Of("bias_spread")]);
        double expected = means.Zip(spreads, (mean, spread) =>
        {
            double variance = 0.0025 * Math.Exp(2 * spread);
            return (Math.Log(0.01 / variance) / 2) + ((variance + (mean * mean)) / 0.02) - 0.5;
        }).Sum();
        Assert.That(layer.Divergence().ToScalar(), Is.EqualTo(expected).Within(1e-4 * expected));

        const int Draws = 20_000;
        float[] sample = [1, -2, 0.5f];
        Tensor x = Tensor.From([.. Enumerable.Repeat(sample, Draws).SelectMany(v => v)], [Draws, 3]);
        layer.Noise = null;
        float[] mean = layer.Forward(Tensor.From(sample, [1, 3])).ToArray();
        layer.Noise = new RandomStream(3);
        float[] drawn = layer.Forward(x).ToArray();
        for (int output = 0; output < 2; output++)
        {
            double Variance(int parameter) => 0.0025 * Math.Exp(2 * spreads[parameter]);
            double variance = Enumerable.Range(0, 3).Sum(i => sample[i] * sample[i] * Variance((3 * output) + i)) + Variance(6 + output);
            double[] errors = [.. Enumerable.Range(0, Draws).Select(i => (double)drawn[(2 * i) + output] - mean[output])];
            Assert.That(errors.Average(e => e * e), Is.EqualTo(variance).Within(0.05 * variance));
            Assert.That(errors.Average(), Is.Zero.Within(0.05 * Math.Sqrt(variance)));
        }
    }

    [Test]
    public void Warp_MovesByPixels_AndMeasuresRoughnessFoldsAndOverlap()
    {
        using MemoryScope scope = new();
        Warp warp = new(3, 4);
        Tensor image = Tensor.From([1f, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [1, 1, 3, 4]);
        Tensor Field(params float[] values) => Tensor.From(values, [1, 2, 3, 4]);
        Tensor shift = Field([.. Enumerable.Repeat(1f, 12), .. Enumerable.Repeat(-1f, 12)]);
        Assert.That(warp.Apply(image, shift).ToArray(), Is.EqualTo(new float[] { 0, 0, 0, 0, 2, 3, 4, 0, 6, 7, 8, 0 }).Within(1e-5f), "one to the right, one up");
        Assert.That(warp.Roughness(shift).ToScalar(), Is.Zero);
        Assert.That(warp.Folds(shift.ToArray()), Is.Zero);
        // Displacements that undo the way from pixel to pixel, twice over: every cell is turned round.
        Tensor turned = Field([.. Enumerable.Range(0, 12).Select(i => -2f * (i % 4)), .. new float[12]]);
        Assert.That(warp.Folds(turned.ToArray()), Is.EqualTo(1));
        // 4 across in one of two channels, 0 down.
        Assert.That(warp.Roughness(turned).ToScalar(), Is.EqualTo(1).Within(1e-6f));
        float[] first = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        float[] second = [1, 0, 1, 0.4f, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.That(warp.Overlap([.. first, .. first], [.. second, .. first]), Is.EqualTo((0.5 + 1) / 2).Within(1e-9));
    }

    [Test]
    public void ScaleSpaceNet_CostsWhatItsSizesSay_AndTakesAnyFactor()
    {
        using MemoryScope scope = new();
        ScaleSpaceNet net = new(new RandomStream(1));
        Tensor images = Tensor.Ones([2, 1, 14, 14]);
        foreach (float factor in (float[])[0.1f, 0.37f, 0.5f, 1])
        {
            net.Factor = factor;
            Assert.That(net.Forward(images).Shape, Is.EqualTo(new Shape(2, 10)));
        }
        Assert.That(ScaleSpaceNet.Cost(14, 14, 0.5f), Is.EqualTo((14 * 14 * 72) + (7 * 7 * 1152) + (4 * 4 * 2304) + 2560));
    }

    [Test]
    public void RegistrationNet_OnItsOwn_LearnsToMoveDigits()
    {
        DigitPairs pairs = new(DrawnDigits.Make(200, seed: 1, threads: 1).Halved(), 1);
        Warp warp = new(14, 14);
        using RegistrationNet net = new(new RandomStream(1));
        using Adam adam = new(net.Parameters, learningRate: 0.01f);
        float[] batch = new float[32 * 2 * 14 * 14];
        pairs.Fill(0, batch);
        double first = 0;
        double last = 0;
        for (int step = 0; step < 60; step++)
        {
            using Tape tape = new();
            Tensor images = Tensor.From(batch, [32, 2, 14, 14]);
            Tensor loss = Ops.MeanSquaredError(warp.Apply(Ops.Slice(images, 1, 0, 1), net.Forward(images)), Ops.Slice(images, 1, 1, 1));
            last = loss.ToScalar();
            first = step == 0 ? last : first;
            tape.Backward(loss);
            adam.Step(tape);
        }
        Assert.That(last, Is.LessThan(0.7 * first));
    }

    [Test]
    public void ScaleSpaceNet_OnItsOwn_LearnsDigitsAtSeveralFactors()
    {
        ImageSet digits = DrawnDigits.Make(256, seed: 1, threads: 1).Halved();
        using ScaleSpaceNet net = new(new RandomStream(1));
        using Adam adam = new(net.Parameters, learningRate: 0.01f);
        float[] pixels = new float[256 * 14 * 14];
        int[] labels = new int[256];
        digits.Fill([.. Enumerable.Range(0, 256)], pixels, labels);
        for (int step = 0; step < 60; step++)
        {
            net.Factor = 0.5f + (0.25f * (step % 3));
            using Tape tape = new();
            tape.Backward(Ops.CrossEntropy(net.Forward(Tensor.From(pixels, [256, 1, 14, 14])), Tensor.From(labels, [256])));
            adam.Step(tape);
        }
        net.Factor = 0.75f;
        Assert.That(Accuracy.Of(digits, Device.Cpu, net.Forward), Is.GreaterThan(0.6));
    }

    [Test]
    public void DigitPairs_AreOfOneDigit_AndDependOnTheirNumbersAlone()
    {
        // The only pixel says the digit.
        ImageSet images = new("digits", [.. Enumerable.Range(0, 60).Select(i => (byte)(i % 10 * 20))], [.. Enumerable.Range(0, 60).Select(i => (byte)(i % 10))], 1, 1);
        float[] pairs = new float[40];
        new DigitPairs(images, 3).Fill(100, pairs);
        Assert.That(pairs.Chunk(2).Select(pair => pair[0]), Is.EqualTo(pairs.Chunk(2).Select(pair => pair[1])));
        Assert.That(pairs.Distinct().Count(), Is.GreaterThan(5));
        float[] one = new float[2];
        new DigitPairs(images, 3).Fill(107, one);
        Assert.That(one, Is.EqualTo(pairs[14..16]));
    }

    [Test]
    public void Halved_TakesTheMeanOfFourPixels()
    {
        ImageSet set = new("two", [0, 4, 10, 10, 9, 2, 3, 8, 3, 7, 100, 200, 5, 9, 0, 100], [1, 2], 2, 4);
        ImageSet half = set.Halved();
        Assert.That(half.Pixels, Is.EqualTo(new byte[] { 4, 8, 6, 100 }));
        Assert.That((half.Height, half.Width, half.Labels[1]), Is.EqualTo((1, 2, (byte)2)));
    }

    [Test]
    public void FunctionFamily_OfManyConditions_VariesAsMuchAsOfOne()
    {
        using MemoryScope scope = new();
        FunctionFamily family = new(Device.Cpu);
        foreach (int size in (int[])[1, 16])
        {
            FunctionFamily.Sample sample = family.Draw(1, 5, 500, 8, size);
            float[] values = sample.Values.ToArray();
            // The mean square per condition would be the same for all if the functions were.
            double[] each = [.. values.Chunk(8).Select(own => own.Average(v => (double)v * v))];
            Assert.That(values.Average(v => (double)v * v), Is.InRange(0.1, 0.35), $"{size}");
            Assert.That(sample.Conditions.Shape, Is.EqualTo(new Shape(500, size)));
            Assert.That(each.Max() - each.Min(), Is.GreaterThan(0.3));
        }
        float[] again = family.Draw(1, 5, 500, 8, 16).Values.ToArray();
        Assert.That(again, Is.EqualTo(family.Draw(1, 5, 500, 8, 16).Values.ToArray()));
    }
}
