using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers.Hypernetworks;

/// <summary>What a hypernetwork's inference leaves behind: nothing on the managed heap, and nothing in the way of calls beside it.</summary>
public sealed class HyperNetworkInferenceTests
{
    [Test]
    public void Forward_AgainInAReusedScope_AllocatesNothing([Values] EmissionPlan plan, [Values(1, 4)] int sets)
    {
        using MemoryScope outer = new();
        using HyperNetwork hyper = Make(plan);
        Tensor x = Tensor.Full([4, 6], 0.5f);
        Tensor angle = Tensor.Full([sets], 30f);
        Tensor kind = Tensor.From(new int[sets], [sets]);
        using MemoryScope scope = new();
        // The first runs fill the pools and have the code compiled.
        for (int i = 0; i < 50; i++)
        {
            hyper.Forward(x, angle, kind);
            scope.Reset();
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
        {
            hyper.Forward(x, angle, kind);
            scope.Reset();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Forward_ManyTasksAndFailuresBetween_EachSeesItsOwnWeights()
    {
        using MemoryScope scope = new();
        using HyperNetwork hyper = Make(EmissionPlan.Full);
        Tensor x = Tensor.Full([1, 6], 0.5f);
        Tensor kind = Tensor.From([1]);
        float[][] expected = [.. Enumerable.Range(0, 8).Select(i => hyper.Materialize(10f * i, 1).Forward(x).ToArray())];
        Parallel.For(0, 64, i =>
        {
            using MemoryScope own = new();
            for (int again = 0; again < 20; again++)
            {
                if (i % 5 == 0)
                {
                    Assert.That(() => hyper.Forward(Tensor.Full([1, 7], 1), Tensor.From([90f]), kind), Throws.ArgumentException);
                }
                float[] actual = hyper.Forward(x, Tensor.From([10f * (i % 8)]), kind).ToArray();
                Assert.That(actual, Is.EqualTo(expected[i % 8]).Within(1e-5f));
            }
        });

        Assert.That(hyper.Target.Parameters, Has.All.Matches<Parameter>(p => p!.Value == p.OwnValue), "the target is as it was");
    }

    [Test]
    public void Forward_InsideItsOwnTarget_RestoresTheOuterWeights()
    {
        using MemoryScope scope = new();
        Linear target = new(6, 3);
        Tensor seen = default;
        using HyperNetwork inner = HyperNetwork.For(target, Condition.Unit("b"), hidden: [4]);
        using HyperNetwork both = HyperNetwork.For(
            new Calls(target, () => { inner.Forward(Tensor.Full([1, 6], 1), Tensor.From([0.3f])); seen = target.Weight.Value; }),
            Condition.Unit("c"),
            hidden: [4]);
        for (int i = 0; i < 3; i++)
        {
            float gamma = 0.2f * i;
            both.Forward(Tensor.Full([1, 6], 1), Tensor.From([gamma]));
            float[] expected = Ops.Split(both.Generate(Tensor.From([gamma], [1, 1])), 1, both.Manifest.Entries[0].Count, both.Manifest.Entries[1].Count)[0].ToArray();
            Assert.That(seen.ToArray(), Is.EqualTo(expected).Within(1e-6f));
        }
        Assert.That(target.Weight.Value, Is.EqualTo(target.Weight.OwnValue));
    }

    private static HyperNetwork Make(EmissionPlan plan) => HyperNetwork.For(
        new Mlp([6, 5, 3]),
        [Condition.Range("angle", 0, 90), Condition.Categorical("kind", 2)],
        hidden: [8, 7],
        options: new HyperNetworkOptions { Emission = plan, ChunkSize = 16, Random = new RandomStream(4) });

    private sealed class Calls : TensorLayer
    {
        private readonly Action _before;
        private readonly TensorLayer _layer;

        public Calls(TensorLayer layer, Action before)
        {
            _layer = Add("layer", layer);
            _before = before;
        }

        public override Tensor Forward(Tensor input)
        {
            _before();
            return _layer.Forward(input);
        }
    }
}
