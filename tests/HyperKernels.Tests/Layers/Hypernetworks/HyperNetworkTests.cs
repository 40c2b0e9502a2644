using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers.Hypernetworks;

/// <summary>Any network as a target: shared, per-sample and grouped weight sets, and what a target must never notice.</summary>
public sealed class HyperNetworkTests
{
    private const float Close = 2e-5f;

    private static TensorLayer ConvTarget() => new Sequential(
        new Conv2d(2, 4, kernelSize: 3, padding: 1), new GroupNorm(2, 4), new LeakyRelu(), new MaxPool2d(2),
        new Conv2d(4, 6, kernelSize: 3), new Relu(), new Flatten(), new Linear(6, 5), new LayerNorm(5), new Linear(5, 3));

    private static Tensor Normal(Shape shape, ulong seed) => Ops.RandomNormal(shape, new RandomStream(seed));

    private static float[] Row(Tensor tensor, int row) => Ops.Slice(tensor, 0, row, 1).ToArray();

    [Test]
    public void Forward_OneRow_EqualsTheTargetWithThoseWeights()
    {
        using MemoryScope scope = new();
        HyperNetwork hyper = HyperNetwork.For(ConvTarget(), Condition.Range("angle", 0, 90), hidden: [8, 12]);
        Tensor images = Normal([3, 2, 6, 6], 1);
        float[] expected = hyper.Materialize(30f).Forward(images).ToArray();
        Assert.That(hyper.Forward(images, Tensor.From([30f])).ToArray(), Is.EqualTo(expected).Within(Close));
    }

    [Test]
    public void For_StartsAtTheTargetsOwnWeights_NormsIncluded()
    {
        using MemoryScope scope = new();
        TensorLayer target = ConvTarget();
        float[] own = [.. target.Parameters.SelectMany(p => p.OwnValue.ToArray())];
        HyperNetwork hyper = HyperNetwork.For(target, Condition.Range("angle", 0, 90));
        Assert.That(((FullEmission)hyper.Emission).Theta0!.OwnValue.ToArray(), Is.EqualTo(own));
    }

    [Test]
    public void Forward_NeverChangesTheTarget_EvenWhenItFails()
    {
        using MemoryScope scope = new();
        TensorLayer target = ConvTarget();
        Tensor images = Normal([2, 2, 6, 6], 7);
        float[] before = target.Forward(images).ToArray();
        HyperNetwork hyper = HyperNetwork.For(target, Condition.Range("angle", 0, 90));
        hyper.Forward(images, Tensor.From([45f]));
        Assert.That(() => hyper.Forward(Normal([2, 3, 6, 6], 8), Tensor.From([45f])), Throws.ArgumentException);
        Assert.That(target.Forward(images).ToArray(), Is.EqualTo(before));
    }

    [Test]
    public void Forward_TiedParameter_IsGeneratedOnce()
    {
        using MemoryScope scope = new();
        Linear shared = new(4, 4);
        HyperNetwork hyper = HyperNetwork.For(new Sequential(shared, new Tanh(), shared), Condition.Unit("t"), hidden: [5]);
        Assert.Multiple(() =>
        {
            Assert.That(hyper.Manifest.Count, Is.EqualTo(20));
            Assert.That(hyper.Manifest.Entries[0].Names, Is.EqualTo(new[] { "0.weight", "2.weight" }));
        });
        Tensor x = Normal([3, 4], 9);
        float[] expected = hyper.Materialize(0.25f).Forward(x).ToArray();
        Assert.That(hyper.Forward(x, Tensor.From([0.25f, 0.25f, 0.25f])).ToArray(), Is.EqualTo(expected).Within(Close));
    }

    [Test]
    public void For_SomeParameters_TrainsTheRestAlong()
    {
        HyperNetwork hyper = HyperNetwork.For(new Sequential(new Linear(3, 4), new Relu(), new Linear(4, 2)), Condition.Unit("t"), hidden: [5], parameters: "0.*");
        Assert.That(hyper.NamedParameters().Select(n => n.Name), Is.EqualTo(new[]
        {
            "generator.hidden0.weight", "generator.hidden0.bias", "emission.weight", "emission.theta0", "target.2.weight", "target.2.bias",
        }));
        using Tape tape = new();
        tape.Backward(Ops.Sum(hyper.Forward(Normal([2, 3], 10), Tensor.From([0.1f, 0.9f]))));
        Assert.That(hyper.Parameters, Has.All.Matches<Parameter>(p => tape.TryGetGradient(p!.Value, out _)));
    }

    [Test]
    public void For_ByType_GeneratesThatTypeOnly()
    {
        HyperNetwork hyper = HyperNetwork.For(ConvTarget(), Condition.Unit("t"), options: new() { Where = named => named.Owner is Conv2d });
        Assert.That(hyper.Manifest.Entries.Select(e => e.Name), Is.EqualTo(new[] { "0.weight", "0.bias", "4.weight", "4.bias" }));
    }

    [Test]
    public void For_NoMatch_NamesAParameterThatThereIs() =>
        Assert.That(
            () => HyperNetwork.For(new Sequential(new Linear(3, 4)), Condition.Unit("t"), parameters: "*.adpter.*"),
            Throws.ArgumentException.With.Message.EqualTo("HyperNetwork.For: no parameter matches \"*.adpter.*\"; the target has 2, for example \"0.weight\"."));

    [Test]
    public void Forward_RowsThatDoNotDivideTheBatch_AreRefused()
    {
        using MemoryScope scope = new();
        HyperNetwork hyper = HyperNetwork.For(new Linear(3, 4), Condition.Unit("t"));
        Assert.That(() => hyper.Forward(Normal([5, 3], 11), Tensor.From([0.1f, 0.2f])), Throws.ArgumentException.With.Message.Contains("2 rows"));
    }

    [Test]
    public void Forward_PlainForm_ScalesWithTheCondition_AndMipDoesNot()
    {
        using MemoryScope scope = new();
        HyperNetwork plain = HyperNetwork.For(new Linear(30, 20), Condition.Raw("gamma", 1), options: new() { Base = BaseWeights.None, Encoding = Encoding.None });
        float[] theta = plain.Generate(Tensor.From([0.1f], [1, 1])).ToArray();
        Assert.That(plain.Generate(Tensor.From([0.7f], [1, 1])).ToArray(), Is.EqualTo(theta.Select(t => 7 * t)).Within(1e-5f));

        RandomStream random = new(1);
        HyperNetwork mip = HyperNetwork.For(new Linear(64, 300, random: random), Condition.Unit("gamma"), options: new() { Random = random });
        float Norm(float gamma) => MathF.Sqrt(mip.Generate(Tensor.From([gamma])).ToArray().Sum(t => t * t));
        Assert.That(Norm(0.1f) / Norm(1), Is.EqualTo(1).Within(0.25f));
    }

    [Test]
    public void Plans_FullAndHeads_AreTheSameFunction()
    {
        using MemoryScope scope = new();
        TensorLayer target = new Sequential(new Linear(3, 4), new Relu(), new Linear(4, 2));
        HyperNetwork full = HyperNetwork.For(target, Condition.Unit("t"), hidden: [5], options: new() { Random = new RandomStream(3) });
        HyperNetwork heads = HyperNetwork.For(target, Condition.Unit("t"), hidden: [5], options: new() { Random = new RandomStream(3), Emission = EmissionPlan.Heads });
        Tensor t = Tensor.From([0.2f, 0.8f]);
        Assert.That(heads.Generate(t).ToArray(), Is.EqualTo(full.Generate(t).ToArray()).Within(1e-6f));
    }

    [Test]
    public void Forward_RowOf_BatchNormThatTrains_CountsEverySampleOnce()
    {
        using MemoryScope scope = new();
        TensorLayer target = new Sequential(new Linear(3, 4), new BatchNorm(4), new Relu(), new Linear(4, 2));
        HyperNetwork hyper = HyperNetwork.For(target, Condition.Range("angle", 0, 90), hidden: [8]);
        Tensor x = Normal([6, 3], 12);
        float[] angles = [0, 30, 60];
        int[] rowOf = [2, 1, 2, 2, 0, 1];
        float[] expected = hyper.Forward(x, Tensor.From([.. rowOf.Select(row => angles[row])])).ToArray();
        Assert.That(hyper.Forward(x, Tensor.From(angles), rowOf).ToArray(), Is.EqualTo(expected).Within(Close));
    }

    [Test]
    public void Forward_RowOf_SeveralConditions_FollowsIt()
    {
        using MemoryScope scope = new();
        HyperNetwork hyper = HyperNetwork.For(ConvTarget(), [Condition.Range("angle", 0, 90), Condition.Embedding("task", 2, 3)], hidden: [8]);
        Tensor images = Normal([5, 2, 6, 6], 13);
        float[] angles = [10, 20, 30];
        int[] tasks = [0, 1, 0];
        int[] rowOf = [2, 0, 1, 1, 1];
        float[] expected = hyper.Forward(images, Tensor.From([.. rowOf.Select(r => angles[r])]), Tensor.From([.. rowOf.Select(r => tasks[r])])).ToArray();
        Assert.That(hyper.Forward(images, [Tensor.From(angles), Tensor.From(tasks)], rowOf).ToArray(), Is.EqualTo(expected).Within(Close));
    }

    [Test]
    public void Apply_RecurrentCell_RunsPerSample()
    {
        using MemoryScope scope = new();
        GruCell cell = new(3, 4);
        HyperNetwork hyper = HyperNetwork.For(cell, Condition.Unit("t"), hidden: [8]);
        Tensor x = Normal([3, 3], 14);
        Tensor state = Normal([3, 4], 15);
        float[] values = [0.1f, 0.5f, 0.9f];
        using IDisposable weights = hyper.Apply(Tensor.From(values));
        Tensor output = cell.Forward(x, state);
        for (int b = 0; b < values.Length; b++)
        {
            Tensor alone = hyper.Materialize<GruCell>(values[b]).Forward(Ops.Slice(x, 0, b, 1), Ops.Slice(state, 0, b, 1));
            Assert.That(Row(output, b), Is.EqualTo(alone.ToArray()).Within(Close));
        }
    }

    [Test]
    public void Forward_TargetOfSeveralTensors_PointsToApply()
    {
        using MemoryScope scope = new();
        HyperNetwork hyper = HyperNetwork.For(new LstmCell(3, 4), Condition.Unit("t"), hidden: [8]);
        Assert.That(
            () => hyper.Forward(Normal([3, 3], 14), Tensor.From([0.5f])),
            Throws.InvalidOperationException.With.Message.Contains("LstmCell").And.Message.Contains("Use Apply(conditions)"));
    }

    [Test]
    public void Materialize_AnotherClassThanTheTargets_NamesIt()
    {
        HyperNetwork hyper = HyperNetwork.For(new LstmCell(3, 4), Condition.Unit("t"), hidden: [8]);
        Assert.That(() => hyper.Materialize(0.5f), Throws.InvalidOperationException.With.Message.Contains("Use Materialize<LstmCell>(values)"));
        Assert.That(() => hyper.Materialize<GruCell>(0.5f), Throws.InvalidOperationException.With.Message.Contains("must be a GruCell; it is a LstmCell"));
    }

    [Test]
    public void Backward_LearnedCondition_OnlyRowsInUseGetGradients()
    {
        HyperNetwork hyper = HyperNetwork.For(new Linear(3, 2), Condition.Embedding("task", 4, 5), hidden: [6]);
        Parameter table = hyper.Conditioning.Parameters[0];
        using Tape tape = new();
        tape.Backward(Ops.Sum(Ops.Square(hyper.Forward(Normal([2, 3], 15), Tensor.From([3, 1])))));
        Assert.That(tape.TryGetGradient(table.Value, out Tensor gradient));
        float[][] rows = [.. Enumerable.Range(0, 4).Select(row => Row(gradient, row))];
        Assert.Multiple(() =>
        {
            Assert.That(rows[0], Has.All.Zero);
            Assert.That(rows[2], Has.All.Zero);
            Assert.That(rows[1], Has.Some.Not.Zero);
            Assert.That(rows[3], Has.Some.Not.Zero);
        });
    }

    [Test]
    public void Forward_ConditionsAsVectorOrColumn_AreTheSame()
    {
        using MemoryScope scope = new();
        HyperNetwork hyper = HyperNetwork.For(new Linear(3, 2), [Condition.Unit("t"), Condition.Embedding("task", 3, 2)], hidden: [6]);
        float[] vector = hyper.Generate(Tensor.From([0.1f, 0.7f]), Tensor.From([2, 0])).ToArray();
        Assert.That(hyper.Generate(Tensor.From([0.1f, 0.7f], [2, 1]), Tensor.From([2, 0], [2, 1])).ToArray(), Is.EqualTo(vector));
    }

    [Test]
    public void Plans_Heads_StandUnderTheNamesOfTheirTensors()
    {
        HyperNetwork hyper = HyperNetwork.For(new Lookalikes(), Condition.Unit("t"), hidden: [5], options: new() { Emission = EmissionPlan.Heads });
        Assert.That(hyper.Emission.NamedParameters().Select(n => n.Name), Is.EqualTo(new[]
        {
            "a.b_c.weight.weight", "a.b_c.weight.theta0", "a_b.c.weight.weight", "a_b.c.weight.theta0",
        }));
    }

    [Test]
    public void ParameterCount_OfTheTwoTaskTutorial_IsExact()
    {
        HyperNetwork hyper = HyperNetwork.For(HyperKernels.Models.LeNet.Create(), Condition.Embedding("task", 2, 8), hidden: [100, 100],
            options: new() { Base = BaseWeights.Zero });
        Assert.That(hyper.Count, Is.EqualTo(2_216_856));
    }

    // Names that differ by the place of a dot only.
    private sealed class Lookalikes : Layer
    {
        public Lookalikes()
        {
            Add("a", new Holder("b_c"));
            Add("a_b", new Holder("c"));
        }

        private sealed class Holder : Layer
        {
            public Holder(string name) => Add(name, new Linear(2, 2, bias: false));
        }
    }
}
