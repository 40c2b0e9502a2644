using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

/// <summary>What a hypernetwork needs of its targets: one weight set per sample, or per group of samples, put in place of the parameters.</summary>
public sealed class PerSampleLayerTests
{
    private const int Samples = 6;

    public static IEnumerable<TestCaseData> Layers()
    {
        yield return Case("Linear", () => new Linear(5, 3), [5]);
        yield return Case("Linear without bias, rows inside a sample", () => new Linear(5, 3, bias: false), [4, 5]);
        yield return Case("Mlp", () => new Mlp([4, 7, 2], Activation.Tanh), [4]);
        yield return Case("Conv1d", () => new Conv1d(4, 6, 3, stride: 2, padding: 1, groups: 2), [4, 9]);
        yield return Case("Conv2d", () => new Conv2d(2, 3, 3, padding: 1), [2, 5, 6]);
        yield return Case("Conv2d depthwise", () => new Conv2d(4, 4, 3, groups: 4, bias: false), [4, 5, 6]);
        yield return Case("LayerNorm", () => new LayerNorm(7), [7]);
        yield return Case("LayerNorm over two axes", () => new LayerNorm([3, 4]), [2, 3, 4]);
        yield return Case("RmsNorm", () => new RmsNorm(7), [7]);
        yield return Case("GroupNorm", () => new GroupNorm(2, 4), [4, 5]);
        yield return Case("BatchNorm that does not train", () => Evaluating(new BatchNorm(4)), [4, 5]);
        yield return Case("GruCell", () => new TwoSteps(new GruCell(3, 5)), [3]);
        yield return Case("LstmCell", () => new TwoSteps(new LstmCell(3, 5)), [3]);
        yield return Case("LeNet in small", () => new Sequential(new Conv2d(1, 2, 3), new MaxPool2d(2), new Relu(), new Flatten(), new Linear(8, 3)), [1, 6, 6]);
    }

    [TestCaseSource(nameof(Layers))]
    public void Forward_OneWeightSetPerSample_EqualsALoopOverSamples(Func<TensorLayer> make, int[] sample) => Check(make, sample, Samples);

    [TestCaseSource(nameof(Layers))]
    public void Forward_OneWeightSetPerGroup_EqualsALoopOverSamples(Func<TensorLayer> make, int[] sample) => Check(make, sample, 3);

    [Test]
    public void Embedding_OneTablePerSample_EqualsALoopOverSamples()
    {
        using Embedding layer = new(5, 3);
        int[] indices = [0, 4, 2, 2, 1, 3, 4, 0];
        using Tape tape = new();
        Dictionary<Parameter, Tensor> sets = Sets(layer, 4, tape);
        Tensor together = Forward(layer, sets, Tensor.From(indices, [4, 2]));
        Tensor alone = Ops.Concatenate(0, [.. Enumerable.Range(0, 4).Select(i => Forward(layer, Row(sets, i), Tensor.From(indices.AsSpan(i * 2, 2), [1, 2])))]);

        Assert.That(together.ToArray(), Is.EqualTo(alone.ToArray()));
        CompareGradients(tape, layer, sets, together, alone);
    }

    [Test]
    public void Forward_AfterTheBlock_UsesTheLayersOwnWeightsAgain()
    {
        using Linear layer = new(3, 2);
        using MemoryScope scope = new();
        Tensor input = Tensor.Ones([4, 3]);
        float[] before = layer.Forward(input).ToArray();

        Forward(layer, Sets(layer, 4, null), input);

        Assert.That(layer.Forward(input).ToArray(), Is.EqualTo(before));
    }

    private static void Check(Func<TensorLayer> make, int[] sample, int groups)
    {
        using TensorLayer layer = make();
        using Tape tape = new();
        Shape shape = new Shape(sample).Insert(0, Samples);
        Tensor input = tape.Watch(Tensor.From(Initializer.Normal().Draw(shape, new RandomStream(3)), shape));
        Dictionary<Parameter, Tensor> sets = Sets(layer, groups, tape);

        Tensor together = Forward(layer, sets, input);
        Tensor alone = Ops.Concatenate(
            0, [.. Enumerable.Range(0, Samples).Select(i => Forward(layer, Row(sets, i / (Samples / groups)), Ops.Slice(input, 0, i, 1)))]);

        LayerCheck.Compare("output", together.ToArray(), Array.ConvertAll(alone.ToArray(), static value => (double)value));
        CompareGradients(tape, layer, sets, together, alone);
    }

    private static void CompareGradients(Tape tape, TensorLayer layer, Dictionary<Parameter, Tensor> sets, Tensor together, Tensor alone)
    {
        Tensor seed = Tensor.From(Initializer.Normal().Draw(together.Shape, new RandomStream(9)), together.Shape);
        Tensor[] of = [.. sets.Values];
        float[][] expected = [.. tape.Gradient(alone, of, seed).Select(static gradient => gradient.ToArray())];
        float[][] actual = [.. tape.Gradient(together, of, seed).Select(static gradient => gradient.ToArray())];
        for (int i = 0; i < of.Length; i++)
        {
            Assert.That(expected[i].Any(static value => value != 0), $"some gradient of {layer.NamedParameters()[i].Name} is not zero");
            LayerCheck.Compare($"gradient of {layer.NamedParameters()[i].Name}", actual[i], Array.ConvertAll(expected[i], static value => (double)value));
        }
    }

    private static Tensor Forward(TensorLayer layer, Dictionary<Parameter, Tensor> weights, Tensor input)
    {
        using IDisposable overriding = ParameterOverrides.Use(weights);
        return layer.Forward(input);
    }

    private static Dictionary<Parameter, Tensor> Sets(TensorLayer layer, int count, Tape? tape)
    {
        RandomStream random = new(8);
        Dictionary<Parameter, Tensor> sets = [];
        foreach (Parameter parameter in layer.Parameters)
        {
            Shape shape = parameter.Shape.Insert(0, count);
            Tensor set = Tensor.From(Initializer.Normal().Draw(shape, random), shape);
            sets.Add(parameter, tape?.Watch(set) ?? set);
        }
        return sets;
    }

    private static Dictionary<Parameter, Tensor> Row(Dictionary<Parameter, Tensor> sets, int row) =>
        sets.ToDictionary(static pair => pair.Key, pair => Ops.Reshape(Ops.Slice(pair.Value, 0, row, 1), pair.Key.Shape));

    private static TensorLayer Evaluating(TensorLayer layer)
    {
        layer.Eval();
        return layer;
    }

    private static TestCaseData Case(string name, Func<TensorLayer> make, int[] sample) => new TestCaseData(make, sample).SetArgDisplayNames(name);

    /// <summary>A recurrent cell that takes the same input twice, so that its state is not zeros the second time.</summary>
    private sealed class TwoSteps : TensorLayer
    {
        private readonly RecurrentCell _cell;

        internal TwoSteps(RecurrentCell cell) => _cell = Add("cell", cell);

        public override Tensor Forward(Tensor input)
        {
            if (_cell is GruCell gru)
            {
                return gru.Forward(input, gru.Forward(input));
            }
            LstmCell lstm = (LstmCell)_cell;
            Tensor zeros = Tensor.Zeros([input.Shape[0], lstm.Hidden]);
            (Tensor hidden, Tensor memory) = lstm.Forward(input, zeros, zeros);
            return lstm.Forward(input, hidden, memory).Hidden;
        }
    }
}
