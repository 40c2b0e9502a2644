using HyperKernels.Cases;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Optim;

/// <summary>Several steps on <c>loss = sum c p^2</c>, whose gradient is 2 c p, against the published formulas in doubles.</summary>
[TestFixture]
internal sealed class OptimizerTests
{
    private const int Steps = 12;

    // More elements than a tile, a few, one, none; around what a group of threads takes; more tensors than one launch does.
    private static readonly int[] s_sizes = [17_001, 5, 1, 0, 1023, 1024, 1025, 3, 4, 6];

    private delegate double Rule(double p, double g, int step, double[] state);

    [TestCase(0f, false, 0f)]
    [TestCase(0.9f, false, 0f)]
    [TestCase(0.9f, true, 0f)]
    [TestCase(0.9f, false, 0.1f)]
    [TestCase(0f, false, 0.1f)]
    [TestCase(0.9f, true, 0.1f)]
    public void Sgd_SeveralSteps_FollowTheFormula(float momentum, bool nesterov, float decay) =>
        Check(parameters => new Sgd(parameters, 0.05f, momentum, nesterov, decay), (p, g, _, state) =>
        {
            double h = g + (decay * p);
            state[0] = (momentum * state[0]) + h;
            return p - (0.05f * (nesterov ? h + (momentum * state[0]) : state[0]));
        });

    [TestCase(0f)]
    [TestCase(0.1f)]
    public void Adam_SeveralSteps_FollowTheFormula(float decay) =>
        Check(parameters => new Adam(parameters, 0.01f, weightDecay: decay), (p, g, step, state) => p - AdamStep(g + (decay * p), step, state));

    [Test]
    public void AdamW_SeveralSteps_FollowTheFormula() =>
        Check(parameters => new AdamW(parameters, 0.01f, weightDecay: 0.1f), (p, g, step, state) => (p * (1 - (0.01f * 0.1f))) - AdamStep(g, step, state));

    [Test]
    public void Step_GroupsWithTheirOwnRates_UsesThem()
    {
        using Parameter fast = new("fast", [1f, 1f], [2]);
        using Parameter slow = new("slow", [1f, 1f], [2]);
        using Sgd sgd = new([new ParameterGroup([fast]), new ParameterGroup([slow], learningRate: 0.1f, weightDecay: 1)], 0.5f);
        sgd.RateFactor = 0.5f;
        using (Tape tape = new())
        {
            tape.Backward(Ops.Sum(Ops.Add(fast.Value, slow.Value)));
            sgd.Step(tape);
        }
        Assert.That(fast.Value.ToArray(), Is.All.EqualTo(0.75f));
        Assert.That(slow.Value.ToArray(), Is.All.EqualTo(0.9f).Within(1e-7));
    }

    [Test]
    public void Step_NoGradientOrFrozen_LeavesParameterAndStateAlone()
    {
        using Parameter used = new("used", [1f], [1]);
        using Parameter unused = new("unused", [1f], [1]);
        using Parameter frozen = new("frozen", [1f], [1]) { RequiresGradient = false };
        using Adam adam = new([used, unused, frozen], 0.1f);
        using (Tape tape = new())
        {
            tape.Backward(Ops.Sum(Ops.Multiply(used.Value, frozen.Value)));
            adam.Step(tape);
        }
        Assert.That(used.Value.ToScalar(), Is.EqualTo(0.9f).Within(1e-6));
        Assert.That(new[] { unused.Value.ToScalar(), frozen.Value.ToScalar() }, Is.All.EqualTo(1));
        Assert.That(adam.Steps, Is.EqualTo(new long[] { 1, 0, 0 }));
        Assert.That(adam.State["unused.exp_avg"].ToScalar(), Is.Zero);
        Assert.That(adam.State["used.exp_avg"].ToScalar(), Is.EqualTo(0.1f).Within(1e-7));
    }

    [Test]
    public void LoadState_HalfWay_GoesOnBitForBit()
    {
        (float[] whole, _) = Train(null, null, 8);
        Dictionary<string, Tensor> state = [];
        long[] steps = [];
        using MemoryScope scope = new();
        (float[] half, Adam adam) = Train(null, null, 4);
        using (adam)
        {
            foreach ((string name, Tensor tensor) in adam.State)
            {
                state.Add(name, Tensor.From(tensor.ToArray(), tensor.Shape));
            }
            steps = [.. adam.Steps];
        }
        (float[] resumed, Adam again) = Train(half, (state, steps), 4);
        again.Dispose();
        Assert.That(resumed, Is.EqualTo(whole));
    }

    [Test]
    public void LoadState_WrongStates_NamesWhatIsWrong()
    {
        using MemoryScope scope = new();
        using Parameter p = new("layer.weight", [1f, 2f], [2]);
        using Adam adam = new([p]);
        Dictionary<string, Tensor> state = new(adam.State);
        Assert.That(() => adam.LoadState(state, [1, 2]), Throws.ArgumentException.With.Message.EqualTo("Adam.LoadState: 1 step counts of 0 or more are needed; got [1, 2]."));
        state["layer.weight.exp_avg"] = Tensor.Zeros([3]);
        Assert.That(() => adam.LoadState(state, [1]), Throws.ArgumentException.With.Message.EqualTo("Adam.LoadState: \"layer.weight.exp_avg\" must be [2]; it is [3]."));
        state.Remove("layer.weight.exp_avg");
        Assert.That(() => adam.LoadState(state, [1]), Throws.ArgumentException.With.Message.EqualTo("Adam.LoadState: \"layer.weight.exp_avg\" is missing."));
        state["bias.exp_avg"] = Tensor.Zeros([2]);
        Assert.That(() => adam.LoadState(state, [1]), Throws.ArgumentException.With.Message.StartsWith("Adam.LoadState: there is no state \"bias.exp_avg\"; "));
        Assert.That(adam.Steps, Is.EqualTo(new long[] { 0 }));
    }

    [Test]
    public void Constructors_WrongOptions_Throw()
    {
        using Parameter p = new("p", [1]);
        Assert.That(() => new Sgd([p], -1), Throws.ArgumentException.With.Message.EqualTo("Optimizer: learningRate must be finite and not negative; got -1."));
        Assert.That(() => new Sgd([p], 1, momentum: 1), Throws.ArgumentException.With.Message.EqualTo("Optimizer: momentum must be in [0, 1); got 1."));
        Assert.That(() => new Sgd([p], 1, nesterov: true), Throws.ArgumentException.With.Message.EqualTo("Sgd: nesterov needs a momentum above 0."));
        Assert.That(() => new Adam([p, p]), Throws.ArgumentException.With.Message.EqualTo("Optimizer: the parameter \"p\" is given twice."));
        Assert.That(() => new Adam(Array.Empty<Parameter>()), Throws.ArgumentException.With.Message.EqualTo("Optimizer: there are no parameters."));
    }

    [Test]
    public void Dispose_Optimizer_GivesItsMemoryBack()
    {
        using Parameter p = new("p", [1000]);
        long before = Device.Default.Memory.LiveTensors;
        using (Adam adam = new([p]))
        {
            Assert.That(Device.Default.Memory.LiveTensors, Is.EqualTo(before + 2));
        }
        Assert.That(Device.Default.Memory.LiveTensors, Is.EqualTo(before));
    }

    private static double AdamStep(double g, int step, double[] state)
    {
        state[0] = (0.9 * state[0]) + (0.1 * g);
        state[1] = (0.999 * state[1]) + (0.001 * g * g);
        return 0.01f * state[0] / (1 - Math.Pow(0.9, step)) / (Math.Sqrt(state[1] / (1 - Math.Pow(0.999, step))) + 1e-8);
    }

    private static (float[] Values, Adam Adam) Train(float[]? start, (Dictionary<string, Tensor> State, long[] Steps)? from, int steps)
    {
        Parameter p = new("p", start ?? [1f, -2f, 3f], [3]);
        Adam adam = new([p], 0.1f);
        if (from is { } given)
        {
            adam.LoadState(given.State, given.Steps);
        }
        for (int i = 0; i < steps; i++)
        {
            using Tape tape = new();
            tape.Backward(Ops.Sum(Ops.Square(p.Value)));
            adam.Step(tape);
        }
        return (p.Value.ToArray(), adam);
    }

    private static void Check(Func<IEnumerable<Parameter>, Optimizer> make, Rule rule)
    {
        Random random = new(3);
        float[][] values = Array.ConvertAll(s_sizes, size => Values(random, size));
        float[][] scales = Array.ConvertAll(s_sizes, size => Values(random, size));
        double[][] expected = Array.ConvertAll(values, v => Array.ConvertAll(v, x => (double)x));
        for (int i = 0; i < expected.Length; i++)
        {
            for (int j = 0; j < expected[i].Length; j++)
            {
                double[] state = new double[2];
                for (int step = 1; step <= Steps; step++)
                {
                    expected[i][j] = rule(expected[i][j], 2 * scales[i][j] * expected[i][j], step, state);
                }
            }
        }
        foreach (Device device in Conformance.Devices)
        {
            Check(make, device, values, scales, expected);
        }
    }

    private static void Check(Func<IEnumerable<Parameter>, Optimizer> make, Device device, float[][] values, float[][] scales, double[][] expected)
    {
        Parameter[] parameters = [.. values.Select((v, i) => new Parameter($"p{i}", v, [v.Length], device))];
        using (Optimizer optimizer = make(parameters))
        {
            for (int step = 1; step <= Steps; step++)
            {
                using Tape tape = new();
                Tensor loss = Tensor.Zeros([], device);
                for (int i = 0; i < parameters.Length; i++)
                {
                    Tensor scale = Tensor.From(scales[i], [scales[i].Length], device);
                    loss = Ops.Add(loss, Ops.Sum(Ops.Multiply(scale, Ops.Square(parameters[i].Value))));
                }
                tape.Backward(loss);
                optimizer.Step(tape);
            }
        }
        for (int i = 0; i < parameters.Length; i++)
        {
            float[] actual = parameters[i].Value.ToArray();
            for (int j = 0; j < actual.Length; j++)
            {
                Assert.That(actual[j], Is.EqualTo(expected[i][j]).Within(2e-5), $"{device}, parameter {i}, element {j}");
            }
            parameters[i].Dispose();
        }
    }

    private static float[] Values(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(0.2 + random.NextDouble()) * (random.Next(2) == 0 ? 1 : -1))];
}
