using HyperKernels.Layers;
using static HyperKernels.Tests.Layers.TestLayers;

namespace HyperKernels.Tests.Layers;

public sealed class LayerStateTests
{
    [Test]
    public void GetState_HoldsParametersAndBuffersInPyTorchsOrder()
    {
        using Tree tree = new(("a", new Block(3, new Block(4))));

        Assert.That(
            tree.GetState().Keys,
            Is.EqualTo(new[] { "a.weight", "a.bias", "a.running_mean", "a.inner.weight", "a.inner.bias", "a.inner.running_mean" }));
    }

    [Test]
    public void LoadState_OfAnotherModel_GivesItsValues()
    {
        using Tree from = new(("a", new Block(3)), ("b", new Block(4)));
        using Tree to = new(("a", new Block(3)), ("b", new Block(4)));
        from.Find<Block>()[1].Layer.Statistic.CopyFrom([1, 2, 3, 4]);

        int loaded = to.LoadState(from.GetState());

        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded, Is.EqualTo(6));
            foreach ((string name, HostArray array) in from.GetState())
            {
                Assert.That(to.GetState()[name].Values, Is.EqualTo(array.Values), name);
            }
        }
    }

    [Test]
    public void GetState_IsASnapshot()
    {
        using Block block = new(3);

        IReadOnlyDictionary<string, HostArray> state = block.GetState();
        Initializer.Zeros.Apply(block.Weight);

        Assert.That(state["weight"].Values, Has.Some.Not.Zero);
    }

    [Test]
    public void LoadState_WrongNamesAndShapes_ListsAllAndChangesNothing()
    {
        using Tree tree = new(("conv1", new Block(3)), ("conv2", new Block(4)));
        Dictionary<string, HostArray> state = new(tree.GetState());
        float[] before = tree.Parameters[0].Value.ToArray();
        state["conv1.weight"] = new HostArray(new float[6], [3, 2]);
        state["conv1.bias"] = new HostArray(new float[5], [5]);
        state["conv2.wieght"] = state["conv2.weight"];
        state.Remove("conv2.weight");

        ArgumentException failure = Assert.Throws<ArgumentException>(() => tree.LoadState(state));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(failure.Message, Does.Contain("\"conv1.bias\" must be [3], the state has [5]"));
            Assert.That(failure.Message, Does.Contain("\"conv2.weight\" [4, 2] is missing (the state has \"conv2.wieght\")"));
            Assert.That(failure.Message, Does.Contain("\"conv2.wieght\" [4, 2] is unexpected (the layer has \"conv2.weight\")"));
            Assert.That(tree.Parameters[0].Value.ToArray(), Is.EqualTo(before));
        }
    }

    [Test]
    public void LoadState_ManyMistakes_AreCutShort()
    {
        using Tree tree = new();
        Dictionary<string, HostArray> state = Enumerable.Range(0, 25).ToDictionary(i => $"x{i}", _ => new HostArray([1], []));

        Assert.That(() => tree.LoadState(state), Throws.ArgumentException.With.Message.EndsWith("; and 15 more."));
    }

    [Test]
    public void LoadState_Partial_TakesWhatBothHave()
    {
        using Tree tree = new(("a", new Block(3)));
        Dictionary<string, HostArray> state = new() { ["a.bias"] = new([7, 8, 9], [3]), ["head.bias"] = new([1], [1]) };

        int loaded = tree.LoadState(state, partial: true);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded, Is.EqualTo(1));
            Assert.That(tree.Parameters[1].Value.ToArray(), Is.EqualTo(new float[] { 7, 8, 9 }));
        }
    }

    [Test]
    public void LoadState_Tied_TakesAnyOfTheNames()
    {
        Block block = new(1);
        using Tree tree = new(("encoder", block), ("decoder", new Tied(block.Weight)));
        Dictionary<string, HostArray> state = new(tree.GetState());
        bool firstNameOnly = state.Remove("encoder.weight") && !state.ContainsKey("decoder.weight");
        state["decoder.weight"] = new HostArray([5, 6], [1, 2]);

        tree.LoadState(state);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(firstNameOnly, Is.True);
            Assert.That(block.Weight.Value.ToArray(), Is.EqualTo(new float[] { 5, 6 }));
        }
    }

    [Test]
    public void LoadState_TiedWithDifferentValues_IsRefused()
    {
        Block block = new(1);
        using Tree tree = new(("encoder", block), ("decoder", new Tied(block.Weight)));
        Dictionary<string, HostArray> state = new(tree.GetState()) { ["decoder.weight"] = new HostArray([5, 6], [1, 2]) };

        Assert.That(
            () => tree.LoadState(state),
            Throws.ArgumentException.With.Message.Contains("\"encoder.weight\" and \"decoder.weight\" are tied"));
    }

    [Test]
    public void GetState_WhileOverridden_GivesTheLayersOwnValues()
    {
        using Block block = new(1);
        float[] own = block.Weight.Value.ToArray();
        using MemoryScope scope = new();
        using IDisposable overriding = ParameterOverrides.Use(new Dictionary<Parameter, Tensor> { [block.Weight] = Tensor.Zeros([1, 2]) });

        Assert.That(block.GetState()["weight"].Values, Is.EqualTo(own));
    }
}
