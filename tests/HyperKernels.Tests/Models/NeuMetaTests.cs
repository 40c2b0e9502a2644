using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class NeuMetaTests
{
    [Test]
    public void Generate_EveryTensor_IsTheFieldAtItsCoordinates()
    {
        using MemoryScope scope = new();
        using Sequential target = Conv(4, 3);
        using WeightField field = Field(target);
        using HyperNetwork network = NeuMeta.For(field, target);

        float[] actual = network.Generate().ToArray();

        int at = 0;
        for (int layer = 0; layer < network.Manifest.Entries.Count; layer++)
        {
            Shape shape = network.Manifest.Entries[layer].Shape;
            int columns = shape.Rank == 1 ? 1 : shape[1];
            int kernel = shape.Rank == 4 ? shape[2] * shape[3] : 1;
            for (int place = 0; place < shape[0] * columns; place++)
            {
                float[] v = [layer, place / columns, place % columns, 4, shape[0], columns];
                float[] row = field.Forward(layer, Tensor.From(v, [1, 6])).ToArray();
                // The middle of a row of nine for a smaller kernel, the first value for matrices and biases.
                float[] expected = shape.Rank == 4 ? row[((9 / 2) - (kernel / 2))..][..kernel] : [row[0]];
                Assert.That(actual[at..(at + kernel)], Is.EqualTo(expected).Within(1e-6), $"layer {layer}, place {place}");
                at += kernel;
            }
        }
        Assert.That(at, Is.EqualTo(actual.Length));
    }

    [Test]
    public void Forward_Rows_AreEncodedAndReadAsTheEquationSays()
    {
        using MemoryScope scope = new();
        using WeightField field = new(networks: 1, outputs: 2, hiddenFeatures: 3, layers: 2, frequencies: 2, norm: 4, random: new RandomStream(1));
        double[] v = [0, 2, 1, 4, 8, 2];

        float[] actual = field.Forward(0, Tensor.From(Array.ConvertAll(v, x => (float)x), [1, 6])).ToArray();

        Dictionary<string, float[]> p = field.NamedParameters().ToDictionary(named => named.Name, named => named.Parameter.Value.ToArray());
        double[] places = [v[0] / v[3], v[1] / v[4], v[2] / v[5], v[3] / 4, v[4] / 4, v[5] / 4];
        List<double> features = [.. places];
        for (int i = 0; i < 2; i++)
        {
            foreach (double place in places)
            {
                double angle = Math.Pow(2, i) * Math.PI * place;
                features.AddRange([Math.Sin(angle), Math.Cos(angle)]);
            }
        }
        double[] first = Array.ConvertAll(Linear(p, "initial_layer", [.. features]), x => Math.Max(x, 0));
        double[] second = Linear(p, "residual_blocks.0", first);
        double[] hidden = [.. first.Select((x, i) => x + (0.1 * Math.Max(second[i], 0)))];
        double[] expected = Array.ConvertAll(Linear(p, "output_layer", hidden), x => x / v[5]);
        Assert.That(actual, Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void Noise_MovesWeightsWhileTraining_AndIsAveragedOutOtherwise()
    {
        using MemoryScope scope = new();
        using Sequential target = Conv(4, 3);
        using WeightField field = Field(target);
        using HyperNetwork network = NeuMeta.For(field, target, coordinateNoise: 0.5f, random: new RandomStream(5));
        FieldEmission emission = (FieldEmission)network.Emission;
        float[] draw = network.Generate().ToArray();
        float[] other = network.Generate().ToArray();
        network.Eval();
        float[] still = network.Generate().ToArray();
        emission.Draws = 3;
        RandomState before = emission.Random.State;
        float[] mean = network.Generate().ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(draw, Is.Not.EqualTo(other));
            Assert.That(draw, Is.Not.EqualTo(still));
            Assert.That(mean, Is.Not.EqualTo(still));
            Assert.That(emission.Random.State, Is.Not.EqualTo(before));
        });
        // Noise of no length: the mean of equal draws.
        emission.CoordinateNoise = 0;
        Assert.That(network.Generate().ToArray(), Is.EqualTo(still).Within(1e-6));
    }

    [Test]
    public void Forward_AConditionForEverySample_IsAnOrdinaryNetworkOfEach()
    {
        using MemoryScope scope = new();
        using Sequential target = [new Linear(3, 4), new Tanh(), new Linear(4, 2)];
        using WeightField field = new(4, 1, 6, 2, 2, 4, conditionFeatures: 2, random: new RandomStream(1));
        using HyperNetwork network = NeuMeta.For(field, target, conditioning: new DeclaredConditioning([Condition.Raw("task", 2)]));
        Tensor x = Ops.RandomNormal([2, 3], new RandomStream(2));
        float[][] tasks = [[0, 1], [1, -1]];

        float[] actual = network.Forward(x, Tensor.From([.. tasks.SelectMany(task => task)], [2, 2])).ToArray();

        for (int sample = 0; sample < 2; sample++)
        {
            using TensorLayer ordinary = network.Materialize(tasks[sample]);
            Assert.That(actual[(2 * sample)..((2 * sample) + 2)], Is.EqualTo(ordinary.Forward(Ops.Slice(x, 0, sample, 1)).ToArray()).Within(1e-5));
        }
        float[] again = network.Forward(x, Tensor.From([.. tasks[0], .. tasks[0]], [2, 2])).ToArray();
        Assert.That(actual[2..], Is.Not.EqualTo(again[2..]));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameWeights()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Sequential target = Conv(4, 3);
        using WeightField field = Field(target);
        using HyperNetwork network = NeuMeta.For(field, target);
        network.Save(folder.File("network.safetensors"));

        using HyperNetwork again = HyperNetwork.Load(folder.File("network.safetensors"));

        Assert.That(again.Generate().ToArray(), Is.EqualTo(network.Generate().ToArray()));
        Assert.That(network.Count, Is.EqualTo(field.Count), "the target's own values are not trained");
    }

    [Test]
    public void Calibrate_GivesEveryLayersOutputsAVarianceOfOne()
    {
        using MemoryScope scope = new();
        using Sequential target = Conv(12, 30);
        using WeightField field = Field(target);
        using HyperNetwork network = NeuMeta.For(field, target);
        Tensor x = Ops.RandomNormal([8, 1, 6, 6], new RandomStream(3));

        NeuMeta.Calibrate(network, x);

        using Sequential read = (Sequential)network.Materialize();
        Tensor hidden = read[0].Forward(x);
        Assert.That(Ops.Variance(Ops.Flatten(hidden, 0), [0]).ToScalar(), Is.EqualTo(1).Within(0.1));
        Assert.That(Ops.Variance(Ops.Flatten(read.Forward(x), 0), [0]).ToScalar(), Is.EqualTo(1).Within(0.1));
        using HyperNetwork other = HyperNetwork.For(new Linear(2, 3), Condition.Unit("gamma"));
        Assert.That(
            () => NeuMeta.Calibrate(other, x),
            Throws.ArgumentException.With.Message.StartsWith("NeuMeta.Calibrate: a WeightField over a Sequential is needed; got a GeneratorMlp over a Linear."));
    }

    [Test]
    public void Regulariser_IsTheNormsAndTheWeightedDistance()
    {
        using MemoryScope scope = new();
        float[] a = [3, 4];
        float[] b = [1, 2, -2];
        float[] trained = [1, -2, 0];
        FieldRegulariser regulariser = new(0.1f, 2);
        IReadOnlyList<Tensor> weights = [Tensor.From(a), Tensor.From(b)];

        float loss = regulariser.Loss(weights, [new HostArray([3, 4], [2]), new HostArray(trained, [3])], 0.5f).ToScalar();

        // Shares 1/2, 1, 0 of squares 0, 16, 4; the mean over three values, then over two tensors.
        Assert.That(loss, Is.EqualTo((0.1 * (5 + 3)) + (2 * 0.5 * (16.0 / 3) / 2)).Within(1e-4));
        Assert.That(regulariser.Loss(weights).ToScalar(), Is.EqualTo(0.8).Within(1e-6));
    }

    [Test]
    public void Smooth_NeuronsChangePlaces_NotTheFunction()
    {
        using MemoryScope scope = new();
        using Sequential network =
        [
            new Conv2d(1, 12, 3, random: new RandomStream(1)), new BatchNorm(12), new Relu(), new MaxPool2d(2), new Flatten(),
            new Linear(12 * 4, 20, random: new RandomStream(2)), new Tanh(), new Linear(20, 3, random: new RandomStream(3)),
        ];
        float[] statistics = [.. Enumerable.Range(0, 12).Select(i => 0.1f * i)];
        Dictionary<string, HostArray> state = new(network.GetState()) { ["1.running_mean"] = new HostArray(statistics, [12]) };
        network.LoadState(state);
        network.Eval();
        Tensor x = Ops.RandomNormal([2, 1, 6, 6], new RandomStream(4));
        float[] before = network.Forward(x).ToArray();
        double rough = NeuronOrder.TotalVariation(network);

        NeuronOrder.Smooth(network);

        Assert.That(network.Forward(x).ToArray(), Is.EqualTo(before).Within(1e-5));
        Assert.That(NeuronOrder.TotalVariation(network), Is.LessThan(rough));
        Assert.That(network.GetState()["1.running_mean"].Values, Is.Not.EqualTo(statistics));
    }

    [Test]
    public void ShortPath_PointsOnALine_AreVisitedInOrder()
    {
        float[] places = [5, 1, 9, 3, 7, 2, 8, 4, 6, 0];
        int[] path = NeuronOrder.ShortPath([.. places.Select(place => new[] { place, 2 * place })]);
        Assert.That(path.Select(i => places[i]), path[0] == 9 ? Is.Ordered : Is.Ordered.Descending);
    }

    [Test]
    public void Training_TwoWidths_FitsAThirdBetweenThem()
    {
        using MemoryScope scope = new();
        using Sequential largest = Mlp(12);
        using WeightField field = NeuMeta.CreateField(largest, hiddenFeatures: 24, layers: 2, frequencies: 2, norm: 12, random: new RandomStream(1));
        using HyperNetwork wide = NeuMeta.For(field, largest, 0.5f, random: new RandomStream(2));
        using HyperNetwork narrow = NeuMeta.For(field, Mlp(8), 0.5f, random: new RandomStream(3));
        using HyperNetwork unseen = NeuMeta.For(field, Mlp(10));
        FieldRegulariser regulariser = new();
        using Adam adam = new(field.Parameters, 5e-3f);
        Tensor x = Ops.RandomUniform([64, 2], new RandomStream(4), -1, 1);
        Tensor y = Ops.Add(Ops.Slice(x, 1, 0, 1), Ops.Slice(x, 1, 1, 1));
        double first = Ops.MeanSquaredError(unseen.Forward(x), y).ToScalar();
        for (int step = 0; step < 200; step++)
        {
            using Tape tape = new();
            (Tensor output, IReadOnlyList<Tensor> weights) = NeuMeta.Forward(step % 2 == 0 ? wide : narrow, x);
            tape.Backward(Ops.Add(Ops.MeanSquaredError(output, y), regulariser.Loss(weights)));
            GradientClipping.ByValue(tape, field.Parameters, 10);
            adam.Step(tape);
        }
        unseen.Eval();
        Assert.That(Ops.MeanSquaredError(unseen.Forward(x), y).ToScalar(), Is.LessThan(0.05).And.LessThan(first / 5));
    }

    [Test]
    public void Errors_SayWhatMustHold()
    {
        using MemoryScope scope = new();
        using Sequential target = Conv(4, 3);
        using WeightField small = new(4, 4, 6, 2, 2);
        using WeightField few = new(2, 9, 6, 2, 2);
        using HyperNetwork network = NeuMeta.For(few, target);
        Assert.Multiple(() =>
        {
            Assert.That(() => NeuMeta.For(small, target), Throws.ArgumentException.With.Message.StartsWith(
                "FieldEmission: rows of the field must hold the largest kernel; \"0.weight\" [4, 1, 3, 3] needs 9 values, they have 4."));
            Assert.That(() => network.Generate(), Throws.ArgumentException.With.Message.StartsWith(
                "FieldEmission: the generator must be a WeightField of at least 4 networks with 9 outputs and 0 features of conditions; it is WeightField(2 networks"));
            Assert.That(() => few.Forward(2, Tensor.Zeros([1, 6])), Throws.ArgumentException.With.Message.StartsWith("WeightField: there are networks 0 to 1; got 2."));
            Assert.That(() => few.Forward(0, Tensor.Zeros([1, 7])), Throws.ArgumentException.With.Message.StartsWith("WeightField: rows must be [N, 6]; got [1, 7]."));
        });
    }

    // Kernels of 3x3 and 1x1.
    private static Sequential Conv(int first, int second) =>
        [new Conv2d(1, first, 3, random: new RandomStream(1)), new Relu(), new Conv2d(first, second, 1, random: new RandomStream(2))];

    private static Sequential Mlp(int width) => [new Linear(2, width), new Tanh(), new Linear(width, 1)];

    private static WeightField Field(Layer target) => NeuMeta.CreateField(target, 6, 3, 2, 8, random: new RandomStream(1));

    private static double[] Linear(Dictionary<string, float[]> p, string name, double[] input)
    {
        (float[] weight, float[] bias) = (p[$"model.0.{name}.weight"], p[$"model.0.{name}.bias"]);
        return [.. bias.Select((b, row) => b + input.Select((x, k) => x * weight[(row * input.Length) + k]).Sum())];
    }
}
