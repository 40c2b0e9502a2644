using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperAgentTests
{
    [Test]
    public void SoftIncidence_IsAroundTheShareOfTheLogits_AndHardensAsTheTemperatureFalls()
    {
        using MemoryScope scope = new();
        Tensor logits = Tensor.Full([4000], 1);
        Tensor uniform = Ops.RandomUniform([4000], new RandomStream(1));

        float[] hard = HyperAgent.SoftIncidence(logits, uniform, temperature: 1e-3f).ToArray();
        float[] soft = HyperAgent.SoftIncidence(logits, uniform, temperature: 1).ToArray();

        Assert.That(hard.Average(), Is.EqualTo(1 / (1 + Math.Exp(-1))).Within(0.03), "a Bernoulli of the logit");
        Assert.That(hard.Count(value => value is > 0.01f and < 0.99f), Is.LessThan(40));
        Assert.That(soft.Count(value => value is > 0.01f and < 0.99f), Is.GreaterThan(3500));
        Assert.That(HyperAgent.SoftIncidence(Tensor.Zeros([2]), Tensor.From([0f, 1f]), 1).ToArray(), Is.EqualTo(new[] { 0f, 1f }).Within(1e-5), "finite at both ends");
        Assert.That(() => HyperAgent.SoftIncidence(logits, uniform, 0), Throws.ArgumentException.With.Message.Contains("positive"));
    }

    [Test]
    public void Logits_EqualTheDecoderOnWrittenOutTriples()
    {
        using MemoryScope scope = new();
        using Hypergraph anchor = Hypergraph.FromEdges(4, [[0, 1, 3], [], [2, 3]]);
        using HyperAgent network = new(5, 6, 2, new RandomStream(1));
        Tensor z = Ops.RandomNormal([4, 2], new RandomStream(2));
        (Linear first, Linear second) = ((Linear)network.Children[3].Layer, (Linear)network.Children[4].Layer);
        float[] rows = z.ToArray();
        float[] triples = new float[4 * 3 * 6];
        for (int pair = 0; pair < 12; pair++)
        {
            int[] members = anchor.Incidence.MembersOf(pair % 3).ToArray();
            for (int f = 0; f < 2; f++)
            {
                triples[(pair * 6) + f] = rows[(pair / 3 * 2) + f];
                triples[(pair * 6) + 2 + f] = members.Length == 0 ? 0 : members.Average(node => rows[(node * 2) + f]);
                triples[(pair * 6) + 4 + f] = rows[(3 * 2) + f];
            }
        }
        float[] expected = second.Forward(Ops.Relu(first.Forward(Tensor.From(triples, [12, 6])))).ToArray();

        Assert.That(network.Logits(z, anchor, taskNode: 3).ToArray(), Is.EqualTo(expected).Within(1e-5));
        Assert.That(() => network.Logits(z, anchor, 4), Throws.ArgumentException.With.Message.Contains("got 4"));
    }

    [Test]
    public void Reconstruction_CountsAPairThatStandsTwiceOnce()
    {
        using MemoryScope scope = new();
        using Incidence twice = Incidence.FromEdges(2, [[0, 0], [1]]);
        using Incidence once = Incidence.FromEdges(2, [[0], [1]]);
        Tensor logits = Tensor.From([1f, -2f, 3f, 0.5f], [2, 2]);
        double Cross(double logit, int target) => Math.Log(1 + Math.Exp(logit)) - (target * logit);
        double expected = (Cross(1, 1) + Cross(-2, 0) + Cross(3, 0) + Cross(0.5, 1)) / 4;

        Assert.That(HyperAgentLoss.Reconstruction(logits, twice).ToScalar(), Is.EqualTo(expected).Within(1e-6));
        Assert.That(HyperAgentLoss.Reconstruction(logits, once).ToScalar(), Is.EqualTo(expected).Within(1e-6));
        Assert.That(() => HyperAgentLoss.Reconstruction(Tensor.Zeros([2, 3]), once), Throws.ArgumentException.With.Message.Contains("[2, 3]"));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameLatent()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph anchor = Hypergraph.FromEdges(4, [[0, 1, 3], [], [2, 3]]);
        using HyperAgent network = new(5, 6, 2, new RandomStream(1));
        network.Save(folder.File("agent.safetensors"));
        using HyperAgent again = Layer.Load<HyperAgent>(folder.File("agent.safetensors"));
        Tensor x = Ops.RandomNormal([4, 5], new RandomStream(2));

        Assert.That(again.Encode(x, anchor).Mean.ToArray(), Is.EqualTo(network.Encode(x, anchor).Mean.ToArray()));
        Assert.That(again.ToString(), Is.EqualTo(network.ToString()));
    }
}
