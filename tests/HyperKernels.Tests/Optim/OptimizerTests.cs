using HyperKernels.Optim;

namespace HyperKernels.Tests.Optim;

/// <summary>What optimisers refuse and leave alone; their arithmetic is proven by the catalogue.</summary>
[TestFixture]
internal sealed class OptimizerTests
{
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
}
